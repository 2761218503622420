"""What every verb shares: help, usage errors, exit codes, lazy imports, missing extras, closed pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import facelite
import facelite.cli
import pytest
from facelite.cli.app import VERBS

HIDE = """
import importlib.abc, sys
allowed, hidden = {allowed!r}, {hidden!r}
class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        package = name.partition('.')[0]
        foreign = package not in sys.stdlib_module_names and not package.startswith(('facelite', '_editable_skbc'))
        if package in hidden or (allowed and foreign and package not in allowed):
            raise ModuleNotFoundError(f'No module named {{package!r}}', name=name)
sys.meta_path.insert(0, Hide())
"""
MAIN = "import sys; from facelite.cli import main; sys.exit(main(sys.argv[1:]))"


def python(
    code: str, *arguments: object, allowed: tuple[str, ...] = (), hidden: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run `code` in a new interpreter that finds only the packages `allowed`, or all but the `hidden` ones."""
    command = [sys.executable, "-c", HIDE.format(allowed=allowed, hidden=hidden) + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_version_is_the_installed_one(run):
    result = run("--version")
    assert (result.returncode, result.stdout) == (0, f"facelite {version('facelite')}\n")


def test_help_lists_every_verb_in_pipeline_order(run):
    result = run("--help")
    listed = [line.split()[0] for line in result.stdout.split("Commands:\n")[1].splitlines() if line[2:3].strip()]
    assert result.returncode == 0
    assert listed == list(VERBS)
    assert run().stdout == result.stdout


def test_every_verb_file_is_listed():
    files = {path.stem for path in Path(facelite.cli.__file__).parent.glob("*.py")}
    assert files - {"__init__", "app", "common"} == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(run, verb):
    result = run(verb, "--help")
    assert result.returncode == 0
    assert f"facelite {verb}" in result.stdout


@pytest.mark.parametrize("arguments", [("nope",), ("--nope",), ("validate", "--nope"), ("convert",)])
def test_wrong_use_is_one_line_and_exit_2(refused, arguments):
    assert refused(*arguments).startswith("facelite")


def test_help_imports_no_heavy_package():
    code = "import sys; from facelite.cli.app import build; build(); print(*sys.modules)"
    loaded = set(python(code).stdout.split())
    assert "typer" in loaded
    assert not loaded & {"ai_edge_litert", "keras", "onnx", "onnxruntime", "pyarrow", "soundfile", "tensorflow"}


def test_core_import_needs_only_numpy():
    code = "import facelite\nfor name in set(facelite.__all__) - {'convert', 'validate'}:\n    getattr(facelite, name)"
    result = python(code, allowed=("numpy",))
    assert result.returncode == 0, result.stderr


def test_every_public_name_is_there():
    assert all(callable(getattr(facelite, name)) for name in facelite.__all__)
    assert not hasattr(facelite, "nonsense")


def test_command_line_without_its_extra_names_it():
    result = python(MAIN, "--help", allowed=("numpy",))
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "facelite: the command line needs typer, which is not installed; run: pip install 'facelite[cli]'"
    ]


def test_verb_without_its_extra_names_it_and_other_verbs_work(shipped_student, tmp_path):
    hidden = ("keras", "tensorflow")
    result = python(MAIN, "convert", shipped_student, "-o", tmp_path / "bundle", hidden=hidden)
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("facelite: facelite convert needs ")
    assert result.stderr.splitlines()[-1].endswith("; run: pip install 'facelite[convert]'")
    assert list(tmp_path.iterdir()) == []
    assert python(MAIN, "targets", "list", hidden=hidden).returncode == 0


def test_closed_pipe_is_quiet(program):
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run([program, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, "")
