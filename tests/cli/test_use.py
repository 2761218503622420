"""The command line as a user has it: odd folders, other file names, twice in a row, machine-readable output."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time

import pytest

TIGHT = """
name = "tight"
title = "A device with no room"
arch = "x86_64"

[cpu]
model = { value = "any", source = "a test", confidence = "high" }
cores = { value = 1, unit = "cores", source = "a test", confidence = "high" }
clock = { value = 1, unit = "GHz", source = "a test", confidence = "high" }
isa = { value = "ref", source = "a test", confidence = "high" }

[limits]
weights = { value = 1, unit = "KiB", source = "a test", confidence = "high" }
"""


def test_bundle_and_audio_in_paths_with_spaces_from_another_folder(run, shipped_bundle, speech, tmp_path):
    here = tmp_path / "some where else"
    here.mkdir()
    shutil.copytree(shipped_bundle, tmp_path / "my bundle")
    shutil.copy(speech, tmp_path / f"a clip{speech.suffix}")
    result = run("run", "../my bundle", f"../a clip{speech.suffix}", cwd=here)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in here.iterdir()] == ["a clip.csv"]


def test_twice_in_a_row_gives_the_same_file(run, shipped_bundle, speech, tmp_path):
    for _ in range(2):
        assert run("run", shipped_bundle, speech, "-o", "curves.json").returncode == 0
        shutil.copy(tmp_path / "curves.json", tmp_path / f"{time.monotonic_ns()}.json")
    first, second = (path.read_bytes() for path in tmp_path.glob("[0-9]*.json"))
    assert first == second


@pytest.mark.parametrize(
    "arguments",
    [("validate", "{bundle}"), ("targets", "list"), ("targets", "show", "switch"), ("doctor",)],
)
def test_json_is_one_object_and_nothing_else(run, shipped_bundle, arguments):
    result = run(*(argument.format(bundle=shipped_bundle) for argument in arguments), "--json")
    assert result.returncode in (0, 1)
    assert isinstance(json.loads(result.stdout), dict)
    assert "Traceback" not in result.stderr


def test_broken_limit_exits_1_and_names_it(run, shipped_bundle, tmp_path):
    (tmp_path / "tight.toml").write_text(TIGHT)
    result = run("validate", shipped_bundle, "--target", "tight.toml")
    assert result.returncode == 1
    assert "tight: weights is" in result.stderr
    assert run("validate", shipped_bundle, "--target", "switch").returncode == 0


def test_interrupt_is_one_line_and_leaves_no_bundle(program, tmp_path, shipped_student):
    command = [program, "convert", shipped_student, "-o", "bundle"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "facelite: interrupted"
    assert "Traceback" not in errors
    assert not (tmp_path / "bundle").exists()
