"""What the pages hold to be executed, and a folder with the files that they name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class PageText:
    """One page of documentation."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text()

    def blocks(self, language: str) -> list[str]:
        """Fenced blocks of a language, in their order."""
        return [code for found, code in FENCE.findall(self.text) if found == language]

    def commands(self) -> list[str]:
        """Every `facelite …`, in running text and on lines of its own, without comments, in order."""
        lines = re.findall(r"^(?: {4})?(facelite [a-z].*)$|`(facelite [a-z][^`\n]*)`", self.text, re.MULTILINE)
        parts = [part.strip() for line in lines for part in re.sub(r"\s+#.*", "", "".join(line)).split(" && ")]
        return list(dict.fromkeys(part for part in parts if part.startswith("facelite ")))


@pytest.fixture
def page_of() -> Callable[[str], PageText]:
    return lambda name: PageText(ROOT / name)


@pytest.fixture
def workplace(shipped_bundle, shipped_student, speech, tmp_path) -> Path:
    """The files that the pages name: a student, its bundle, recordings, a profile."""
    shutil.copytree(shipped_bundle, tmp_path / "out")
    shutil.copy(shipped_student, tmp_path / "student.keras")
    shutil.copy(shipped_student.with_suffix(".toml"), tmp_path / "student.toml")
    shutil.copy(tmp_path / "out" / "student.onnx", tmp_path / "student.onnx")
    shutil.copy(tmp_path / "out" / "student_int8.tflite", tmp_path / "theirs.tflite")
    shutil.copy(tmp_path / "student.toml", tmp_path / "theirs.toml")
    audio, sample_rate = soundfile.read(speech, dtype="float32")
    (tmp_path / "clips").mkdir()
    for name in ("speech.wav", "talk.wav", "clips/hello.wav"):
        soundfile.write(tmp_path / name, audio, sample_rate)
    (profile,) = (block for block in PageText(ROOT / "docs/targets.md").blocks("toml") if '"our-devkit"' in block)
    (tmp_path / "our-devkit.toml").write_text('gates = ["correlation >= .5"]\n' + profile)
    return tmp_path
