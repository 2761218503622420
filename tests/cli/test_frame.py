"""What every verb shares: help, usage errors, exit codes, lazy imports, missing extras, closed pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import facelite.cli
import pytest
from facelite.cli.app import VERBS

BLOCK = """
import importlib.abc, sys
allowed = set({allowed!r})
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        package = name.partition('.')[0]
        if package not in allowed and package not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f'No module named {{package!r}}', name=name)
sys.meta_path.insert(0, Block())
"""


def python(code: str, *arguments: str, allowed: tuple[str, ...] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `code` in a new interpreter, where given with every package but `allowed` hidden."""
    prelude = "" if allowed is None else BLOCK.format(allowed=(*allowed, "facelite", "_editable_skbc_facelite"))
    command = [sys.executable, "-c", prelude + code, *arguments]
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
    code = "from facelite.cli.app import build; build(); import sys; print(*sys.modules)"
    loaded = set(python(code).stdout.split())
    assert "typer" in loaded
    assert not loaded & {"ai_edge_litert", "keras", "onnx", "onnxruntime", "pyarrow", "soundfile", "tensorflow"}


def test_core_import_needs_only_numpy():
    code = "import facelite; print([getattr(facelite, name) for name in facelite.__all__ if name != 'convert'])"
    result = python(code, allowed=("numpy",))
    assert result.returncode == 0, result.stderr


def test_command_line_without_its_extra_names_it():
    code = "import sys; from facelite.cli import main; sys.exit(main(sys.argv[1:]))"
    result = python(code, "--help", allowed=("numpy",))
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "facelite: the command line needs typer, which is not installed; run: pip install 'facelite[cli]'"
    ]


def test_closed_pipe_is_quiet(program):
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run([program, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, "")
