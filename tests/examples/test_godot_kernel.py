"""The kernel inside Godot: its class speaks to the golden bits, is interrupted, stops, and survives wrong calls."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
WARNINGS = "-Wall -Wextra -Wconversion -Wshadow -pedantic -Werror"

pytestmark = pytest.mark.program("godot3-server")

WRONG = """
extends SceneTree

const Facelite := preload("res://facelite.gdns")


func _init() -> void:
	var file := File.new()
	file.open(OS.get_environment("STUDENT"), File.READ)
	var student := file.get_buffer(file.get_len())
	var silence := PoolByteArray()
	silence.resize(32001)
	var stream = Facelite.new()
	print([stream.push(silence).size(), stream.flush().size(), stream.sample(0.0).size(), stream.stop(0.0, 0.0)])
	print([stream.controls().size(), stream.latency()])
	var cut := student.subarray(0, 999)
	for bad in [[PoolByteArray(), 16000], [silence, 16000], [cut, 16000], [student, 12345], [student, -1]]:
		var status: int = stream.open(bad[0], bad[1])
		print(status, " ", stream.error(status).get_string_from_ascii())
	print(stream.open(student, 48000), " ", stream.open(student, 16000))
	print([stream.push(PoolByteArray()).size(), stream.sample(NAN).size(), stream.stop(0.0, -1.0)])
	print(stream.push(silence).size(), " ", stream.flush().size())
	stream = null
	quit()
"""


@pytest.fixture(scope="module")
def project(prefix, run_program, tmp_path_factory):
    """The Godot project with the class built into it, in a folder with a space."""
    folder = tmp_path_factory.mktemp("my game")
    shutil.copytree(EXAMPLES / "godot", folder / "godot", ignore=shutil.ignore_patterns("bin", ".import"))
    cmake = Path(sys.executable).with_name("cmake")
    options = [f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_FLAGS={WARNINGS}"]
    options.append(f"-DCMAKE_LIBRARY_OUTPUT_DIRECTORY={folder / 'godot' / 'bin'}")
    run_program(cmake, "-S", EXAMPLES, "-B", folder / "build", *options)
    run_program(cmake, "--build", folder / "build", "--target", "facelite_godot")
    return folder / "godot"


def _godot(project: Path, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = ["godot3-server", "--path", project, "-s", *words]
    environment = {"HOME": str(project.parent), "PATH": "/usr/bin", **more}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)


def test_it_speaks_to_the_bit_and_comes_to_rest(project, clip):
    curves = project.parent / "curves.f32"
    done = _godot(project, "talk.gd", f"--student={clip.student}", f"--speech={clip.speech}", f"--curves={curves}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "at rest" in done.stdout
    got = np.fromfile(curves, np.float32)
    np.testing.assert_array_equal(got.view(np.uint32), clip.curves.ravel().view(np.uint32))


def test_a_student_that_is_none_is_named(project, clip):
    done = _godot(project, "talk.gd", f"--student={clip.speech}", f"--speech={clip.speech}")
    assert done.returncode == 2
    assert "facelite: --student: " in done.stderr


def test_wrong_calls_are_answered_and_break_nothing(project, clip):
    """Before a student is open, with bytes that are none, at rates that it cannot hear; then a second of silence."""
    (project / "wrong.gd").write_text(WRONG)
    done = _godot(project, "wrong.gd", STUDENT=str(clip.student))
    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()[-10:]
    assert printed[:2] == ["[0, 0, 0, 1]", "[0, 0]"]
    statuses = [int(line.split()[0]) for line in printed[2:7]]
    assert statuses == [3, 3, 5, 1, 1]
    assert len({line.split(" ", 1)[1] for line in printed[2:7]}) == 3
    assert printed[7:9] == ["0 0", "[0, 0, 1]"]
    pushed, flushed = map(int, printed[9].split())
    assert pushed + flushed == 63 * clip.curves.shape[1]
    assert "Leaked" not in done.stderr
