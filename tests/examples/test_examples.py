"""Every example builds as a user builds it, speaks, is interrupted, stops, and prints the golden curves to the bit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-pedantic", "-Werror"]


@pytest.fixture
def speaks(prefix, clip, run_program):
    """`speaks(words…)`: runs an example, which itself fails unless the face is at rest after the stop."""

    def check(*words: str | Path) -> None:
        environment = {**os.environ, "LD_LIBRARY_PATH": str(prefix / "lib")}
        printed = run_program(*words, clip.student, clip.speech, env=environment)
        curves = np.array([line.split() for line in printed.splitlines()], np.float32)
        np.testing.assert_array_equal(curves.view(np.uint32), clip.curves.view(np.uint32))

    return check


def test_c_and_cpp_by_find_package(prefix, speaks, run_program, tmp_path):
    cmake = Path(sys.executable).with_name("cmake")
    flags = f"-DCMAKE_C_FLAGS={' '.join(WARNINGS)}", f"-DCMAKE_CXX_FLAGS={' '.join(WARNINGS)}"
    run_program(cmake, "-S", EXAMPLES, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}", *flags)
    run_program(cmake, "--build", tmp_path)
    speaks(tmp_path / "talk_c")
    speaks(tmp_path / "talk_cpp")


@pytest.mark.parametrize(
    ("compiler", "source"), [(("cc", "-std=c11"), "c/talk.c"), (("c++", "-std=c++17"), "cpp/talk.cpp")]
)
def test_the_two_threads_do_not_race(prefix, speaks, run_program, tmp_path, compiler, source):
    """Under the thread sanitizer, which makes the program fail when it finds a race."""
    library = prefix / "lib" / "libfacelite.a"
    options = ["-O1", "-g", "-fsanitize=thread", f"-I{prefix / 'include'}"]
    run_program(*compiler, *options, EXAMPLES / source, library, "-lm", "-lpthread", "-o", tmp_path / "talk")
    speaks(tmp_path / "talk")


@pytest.mark.program("mono-mcs", "mono-runtime")
def test_csharp(speaks, run_program, tmp_path):
    sources = sorted((EXAMPLES / "csharp").glob("*.cs"))
    run_program("mcs", "-warnaserror", f"-out:{tmp_path / 'Talk.exe'}", *sources)
    speaks("mono", tmp_path / "Talk.exe")


DISPOSED = """
using System;
using System.IO;
static class Program
{
    static void Refused(Action use)
    {
        try { use(); } catch (ObjectDisposedException) { return; }
        throw new Exception("used after Dispose");
    }

    static void Main(string[] words)
    {
        var model = new Facelite.Model(File.ReadAllBytes(words[0]));
        var stream = new Facelite.Stream(model, 16000);
        var other = new Facelite.Stream(model, 48000);
        var frames = new float[1000];
        stream.Dispose();
        stream.Dispose();
        Refused(() => stream.FramesFor(1));
        Refused(() => Console.WriteLine(stream.FramesPending));
        Refused(() => stream.Push(new float[1], 0, 1, frames));
        Refused(() => stream.Push(new short[1], 0, 1, frames));
        Refused(() => stream.Flush(frames));
        Refused(() => stream.Sample(0, frames));
        Refused(() => stream.Stop(0, 0));
        Refused(() => stream.Reset());
        other.Push(new short[480], 0, 480, frames);
        model.Dispose();
        Refused(() => model.ControlName(0));
        Refused(() => new Facelite.Stream(model, 16000));
        Refused(() => other.Sample(0, frames)); // it reads the model's memory
        other.Dispose();
        Console.WriteLine("ok");
    }
}
"""


@pytest.mark.program("mono-mcs", "mono-runtime")
def test_csharp_hands_no_freed_memory_to_c(prefix, clip, run_program, tmp_path):
    (tmp_path / "Disposed.cs").write_text(DISPOSED)
    program = tmp_path / "Disposed.exe"
    run_program("mcs", "-warnaserror", f"-out:{program}", tmp_path / "Disposed.cs", EXAMPLES / "csharp" / "Facelite.cs")
    environment = {**os.environ, "LD_LIBRARY_PATH": str(prefix / "lib")}
    assert run_program("mono", program, clip.student, env=environment) == "ok\n"


@pytest.mark.program("rustc")
def test_rust(prefix, speaks, run_program, tmp_path):
    options = ["--edition", "2021", "-O", "-D", "warnings", "-L", prefix / "lib"]
    run_program("rustc", *options, EXAMPLES / "rust" / "talk.rs", "-o", tmp_path / "talk")
    speaks(tmp_path / "talk")


def test_python(prefix, speaks):
    speaks(sys.executable, EXAMPLES / "python" / "talk.py", prefix / "lib" / "libfacelite.so")
