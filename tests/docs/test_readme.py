"""The README's snippets and commands do what they say."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from facelite.student import load

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent

# Hears float32 samples from stdin as the README's talk() asks for them, and writes the frames it draws to stdout.
HARNESS = """
#include <stdio.h>
#include <stdlib.h>
static facelite_info info;
static int hear(float *pcm) { return fread(pcm, sizeof *pcm, 256, stdin) == 256; }
static void draw(const float *frame) { fwrite(frame, sizeof *frame, info.controls, stdout); }
int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    char *blob = aligned_alloc(64, 1 << 22);
    size_t bytes = file ? fread(blob, 1, 1 << 22, file) : 0;
    if (facelite_inspect(blob, bytes, &info)) return 1;
    void *memory[] = {aligned_alloc(64, 1 << 20), aligned_alloc(64, 1 << 20), aligned_alloc(64, 1 << 20)};
    talk(blob, &info, memory, hear, draw);
    return 0;
}
"""


def snippet(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return code


@pytest.fixture
def workplace(shipped_bundle, speech, tmp_path) -> Path:
    """A folder with what the snippets name: out/ and speech.wav."""
    shutil.copytree(shipped_bundle, tmp_path / "out")
    audio, sample_rate = soundfile.read(speech, dtype="float32")
    soundfile.write(tmp_path / "speech.wav", audio, sample_rate)
    return tmp_path


def test_python_snippet_runs(workplace):
    code = snippet("python") + "\nassert curves.shape == (-(-len(pcm) // student.hop), len(student.controls))"
    subprocess.run([sys.executable, "-c", code], cwd=workplace, check=True, timeout=120)


def test_c_snippet_gives_the_frames_that_python_gives(workplace, once):
    library = once("readme library", _build_library) / "libfacelite.a"
    (workplace / "talk.c").write_text(snippet("c") + HARNESS)
    warnings = ["-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    include = ROOT / "kernels" / "include"
    command = ["cc", *warnings, f"-I{include}", "talk.c", library, "-lm", "-o", "talk"]
    subprocess.run(command, cwd=workplace, check=True, timeout=120)

    student = load(workplace / "out")
    pcm = np.sin(np.arange(256 * 100) ** 1.5 / 500).astype(np.float32) / 2
    talk = [workplace / "talk", workplace / "out" / "student.facelite"]
    drawn = subprocess.run(talk, input=pcm.tobytes(), capture_output=True, check=True, timeout=120).stdout
    frames = np.frombuffer(drawn, np.float32).reshape(-1, len(student.controls))
    np.testing.assert_array_equal(frames, student.stream().push(pcm))
    assert len(frames) > 80


def test_every_make_target_exists():
    targets = re.findall(r"^make ([a-z-]+)", README, re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    subprocess.run(["make", "-n", *targets], cwd=ROOT, check=True, capture_output=True, timeout=60)


FACELITE_COMMANDS = sorted(set(re.findall(r"`(facelite [a-z][^`]*)`", README)))
NEEDS_HOURS_OR_DATA = ("corpus build", "label", "teach", "distill", "evaluate", "bench")


@pytest.mark.parametrize("command", FACELITE_COMMANDS)
def test_every_command_is_one_that_facelite_takes(workplace, shipped_student, command):
    words = shlex.split(command)
    shutil.copy(shipped_student, workplace / "student.keras")
    shutil.copy(shipped_student.with_suffix(".toml"), workplace / "student.toml")
    if len(words) == 2 or command.removeprefix("facelite ").startswith(NEEDS_HOURS_OR_DATA):
        options = [word for word in words if word.startswith("-")]
        usage = _run([*words[: 3 if "corpus" in words else 2], "--help"], workplace)
        assert all(option in usage for option in options)
    else:
        _run(words, workplace)


def test_accuracy_is_the_model_cards():
    """`make evaluate` measures what the repository holds; these rows are of whole corpora."""
    lines = (ROOT / "toolkit/weights/tiny_real_time/MODEL_CARD.md").read_text().splitlines()
    names, *rows = [line.strip("| ").split(" | ") for line in lines if line.count(" | ") > 8]
    german, *english = [dict(zip(names, row, strict=True)) for row in rows][:5]
    shown = {key: f"{float(german[key]):.2f}".lstrip("0") for key in ("float", "int8", "int8, -30 dB", "r, float")}
    noisy, likeness = f"{float(german['int8, 20 dB SNR']):.2f}".lstrip("0"), [float(row["r, float"]) for row in english]
    least, most = (f"{edge(likeness):.2f}".lstrip("0") for edge in (min, max))
    assert german["held out"].startswith("EmoDB")
    for row in (
        f"average precision; in int8 | {shown['float']}; {shown['int8']} |",
        f"with noise at 20 dB, int8 | {shown['int8, -30 dB']}; {noisy} |",
        f"on English ones | {shown['r, float']}; {least} to {most} |",
    ):
        assert row in README


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def _run(words: list[str], folder: Path) -> str:
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    return result.stdout


def _build_library(folder: Path) -> None:
    cmake = BIN / "cmake"
    options = ["-DFACELITE_TESTS=OFF", "-DFACELITE_BENCH=OFF", f"-DCMAKE_ARCHIVE_OUTPUT_DIRECTORY={folder}"]
    configure = [cmake, "-S", ROOT, "-B", folder / "build", *options]
    build = [cmake, "--build", folder / "build", "--target", "facelite"]
    for command in (configure, build):
        result = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stderr
