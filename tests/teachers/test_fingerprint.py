"""The oracle's fingerprint follows its answers and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from facelite.teachers import articulation, closures, loudness, oracle
from facelite.teachers.oracle import OracleTeacher
from facelite.teachers.protocol import Phone

SOUNDS = ("SIL", "B", "AA", "M", "UW", "F", "IY", "SH", "P", "AY", "W", "S", "TH", "ER", "SIL")
MEANS = {
    "jawForward": 0.00673,
    "jawOpen": 0.16183,
    "mouthClose": 0.05391,
    "mouthFunnel": 0.10218,
    "mouthPucker": 0.15852,
    "mouthSmileLeft": 0.03377,
    "mouthSmileRight": 0.03377,
    "mouthDimpleLeft": 0.00802,
    "mouthDimpleRight": 0.00802,
    "mouthStretchLeft": 0.03657,
    "mouthStretchRight": 0.03657,
    "mouthRollLower": 0.10034,
    "mouthRollUpper": 0.0392,
    "mouthShrugLower": 0.03504,
    "mouthShrugUpper": 0.02178,
    "mouthPressLeft": 0.10589,
    "mouthPressRight": 0.10589,
    "mouthLowerDownLeft": 0.07167,
    "mouthLowerDownRight": 0.07167,
    "mouthUpperUpLeft": 0.05308,
    "mouthUpperUpRight": 0.05308,
    "cheekPuff": 0.01019,
    "cheekSquintLeft": 0.00401,
    "cheekSquintRight": 0.00401,
    "noseSneerLeft": 0.00368,
    "noseSneerRight": 0.00368,
    "tongueOut": 0.01719,
}


def _answer() -> dict[str, float]:
    """Each gesture's mean over an utterance of noise whose level rises and falls."""
    time = np.arange(16000 * len(SOUNDS) // 10) / 16000
    audio = np.sin(2 * np.pi * 200 * time) * (0.05 + 0.4 * np.sin(2 * np.pi * 3 * time) ** 2)
    phones = [Phone(i / 10, (i + 1) / 10, sound) for i, sound in enumerate(SOUNDS)]
    curves = OracleTeacher().animate(audio.astype(np.float32), 16000, phones)
    return dict(zip(curves.controls, curves.values.mean(0).tolist(), strict=True))


def test_answers_are_those_that_arithmetic_1_stands_for():
    """If this fails, an answer has changed: raise `ARITHMETIC` unless a constant did it, and renew the numbers."""
    assert oracle.ARITHMETIC == 1
    answer = _answer()
    assert {name: answer[name] for name in MEANS} == pytest.approx(MEANS, abs=2e-5)
    assert {name for name, value in answer.items() if value > 1e-4} == set(MEANS)


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (oracle, "CLOSING", 0.061),
        (oracle, "ARITHMETIC", 2),
        (oracle, "_PRESS", 0.43),
        (closures, "RELEASE_RISE_DB", 5.0),
        (loudness, "RANGE_DB", 31.0),
        (articulation, "BILABIAL_STOPS", frozenset({"P"})),
    ],
)
def test_it_follows_every_constant(monkeypatch, module, name, value):
    before = OracleTeacher().fingerprint()
    monkeypatch.setattr(module, name, value)
    assert OracleTeacher().fingerprint() != before


def test_it_follows_a_target(monkeypatch):
    before = OracleTeacher().fingerprint()
    monkeypatch.setitem(articulation.TARGETS, "AA", articulation.TARGETS["AE"])
    assert OracleTeacher().fingerprint() != before


def test_it_is_the_same_in_every_process():
    code = "from facelite.teachers.oracle import OracleTeacher; print(OracleTeacher().fingerprint())"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        result = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert result.stdout.strip() == OracleTeacher().fingerprint()
