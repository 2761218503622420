"""Audio that cannot be used is refused in one line, and no curves are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile


def missing(path: Path) -> None:
    pass


def folder(path: Path) -> None:
    path.mkdir()


def no_bytes(path: Path) -> None:
    path.touch()


def no_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0, np.float32), 16000)


def not_a_number(path: Path) -> None:
    samples = np.zeros(1600, np.float32)
    samples[800] = np.nan
    soundfile.write(path, samples, 16000, subtype="FLOAT")


def truncated(path: Path) -> None:
    soundfile.write(path, np.zeros(16000, np.float32), 16000)
    path.write_bytes(path.read_bytes()[:10000])


def text(path: Path) -> None:
    path.write_text("not a recording")


@pytest.mark.parametrize("make", [missing, folder, no_bytes, no_samples, not_a_number, truncated, text])
def test_refused_by_name_and_nothing_written(refused, shipped_bundle, tmp_path, make):
    audio = tmp_path / "clip.wav"
    make(audio)
    before = sorted(tmp_path.iterdir())
    line = refused("run", shipped_bundle, audio)
    assert str(audio) in line
    assert sorted(tmp_path.iterdir()) == before


def test_unwritable_output_format_is_named(refused, shipped_bundle, speech, tmp_path):
    assert "curves.xyz" in refused("run", shipped_bundle, speech, "-o", "curves.xyz")
    assert not (tmp_path / "curves.xyz").exists()
