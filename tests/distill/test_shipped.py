"""The shipped student, in int8 through the C kernel, on human speech that people labelled by hand and it never heard.

100 German utterances by ten speakers (tests/data/emodb). The bounds leave room for another CPU's rounding of the
calibration, not for a worse student; toolkit/weights/tiny_real_time/MODEL_CARD.md has the full figures.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from facelite import load
from facelite.controls import closure
from facelite.distill.metrics import ScoredClip, contact_score
from facelite.speech import audio

DATA = Path(__file__).parents[1] / "data" / "emodb"
RATE = 62.5


def _spans(name: str, keep) -> dict[str, list[tuple[float, float]]]:
    spans = defaultdict(list)
    with open(DATA / name, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if keep(row["phone"]):
                spans[row["path"]].append((float(row["start"]) * RATE, float(row["end"]) * RATE))
    return spans


@pytest.fixture(scope="module")
def student(shipped_bundle):
    return load(shipped_bundle)


@pytest.fixture(scope="module")
def clips(student) -> dict[str, np.ndarray]:
    return {path: audio.read(DATA / path) for path in _spans("phones.csv", lambda phone: True)}


def _score(student, clips, gain: float = 1.0):
    closures = _spans("closures.csv", lambda phone: True)
    spoken = _spans("phones.csv", lambda phone: phone != "SIL")
    scored = []
    for path, pcm in clips.items():
        curves = student.animate(pcm * np.float32(gain))
        frame = np.arange(len(curves))
        speech = np.any([(frame >= start) & (frame < end) for start, end in spoken[path]], axis=0)
        scored.append(ScoredClip(closure(curves, student.controls), tuple(closures[path]), speech))
    return contact_score(scored, RATE)


def test_lips_are_shut_inside_closures_far_more_often_than_outside(student, clips):
    result = _score(student, clips)
    assert result.positives > 900
    assert result.inside_rate > 5 * result.outside_rate
    assert result.average_precision > 0.37
    assert abs(result.onset_ms) <= 25


def test_quiet_speech_is_heard_as_well(student, clips):
    loud, quiet = _score(student, clips), _score(student, clips, gain=10 ** (-30 / 20))
    assert quiet.average_precision > loud.average_precision - 0.05


def test_the_mouth_rests_in_silence(student):
    curves = student.animate(np.zeros(16000, np.float32))
    assert np.abs(curves).max() < 0.1
    assert np.ptp(curves, axis=0).max() < 0.01


def test_float_and_int8_hear_alike(student, shipped_student, clips):
    """The Keras student that the bundle was made of against the C kernel; int8 may cost a hundredth of correlation."""
    from facelite.evaluation.subjects import open_subjects

    (original,) = open_subjects(str(shipped_student))
    some = list(clips.values())[:10]
    pairs = [(original.deliver(original.unsmoothed(pcm, ())), student.animate(pcm)) for pcm in some]
    a, b = (np.concatenate(side) for side in zip(*pairs, strict=True))
    moving = a.std(0) > 0.01
    correlation = [np.corrcoef(a[:, i], b[:, i])[0, 1] for i in np.flatnonzero(moving)]
    assert np.mean(correlation) > 0.99
