"""What a teacher must not answer is named and kept out of the labels."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from facelite.curves import Curves
from facelite.errors import BadInput
from facelite.labels.card import TeacherCard
from facelite.labels.clip import checked, label
from facelite.speech.corpus import Clip, Corpus

CONTROLS = ("jawOpen", "rigLips")


class Listener:
    """Answers with what `spoil` makes of a still face with an open jaw; it needs no phones and refuses any."""

    controls = CONTROLS

    def __init__(self, spoil: Callable[[np.ndarray], object]) -> None:
        self._spoil = spoil

    def fingerprint(self) -> str:
        return "0" * 64

    def animate(self, audio, sample_rate, phones=None) -> Curves:
        assert phones is None
        values = np.full((-(-len(audio) // 256), 2), 0.5, np.float32)
        spoilt = self._spoil(values)
        return spoilt if isinstance(spoilt, Curves) else Curves(spoilt, CONTROLS)


def _put(value: float, column: int = 0) -> Callable[[np.ndarray], np.ndarray]:
    def put(values: np.ndarray) -> np.ndarray:
        values[3, column] = value
        return values

    return put


def _raise(error: Exception) -> Callable[[np.ndarray], np.ndarray]:
    def fail(values: np.ndarray) -> np.ndarray:
        raise error

    return fail


@pytest.fixture
def clip(corpus) -> Clip:
    return Corpus.open(corpus).clips[0]


def _label(clip: Clip, spoil: Callable[[np.ndarray], object]):
    teacher = Listener(spoil)
    return label(clip, TeacherCard.of("listener", teacher), teacher)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_put(np.nan), "jawOpen is nan in frame 3"),
        (_put(-np.inf, 1), "rigLips is -inf in frame 3"),
        (_put(2.5), "jawOpen is 2.5 in frame 3: an ARKit control lies in 0..1"),
        (_put(-1.5), "jawOpen is -1.5 in frame 3"),
        (_put(1e6, 1), r"rigLips is 1e\+06 in frame 3: which float16 cannot hold"),
        (lambda values: values[:-1], "frames instead of"),
        (lambda values: np.concatenate([values, values]), "frames instead of"),
        (lambda values: values[:0], "answered with 0 frames"),
        (lambda values: Curves(values, ("jawOpen", "lips")), r"other controls than it declares \(lips, rigLips\)"),
        (lambda values: Curves(values, CONTROLS[::-1]), r"other controls than it declares \(order\)"),
        (lambda values: Curves(values, CONTROLS, 30.0), "at 30 frames a second"),
        (lambda values: values[:, :1], "ValueError: curves of shape"),
        (_raise(ZeroDivisionError("by nothing")), "ZeroDivisionError: by nothing"),
        (_raise(BadInput("listener", "hears nothing")), "hears nothing"),
    ],
)
def test_a_bad_answer_is_named(clip, spoil, problem):
    answer = _label(clip, spoil)
    assert answer.curves.shape == (0, 2)
    assert re.search(problem, answer.error)


def test_an_overshoot_is_cut_off_and_counted_where_the_range_is_known(clip):
    def overshoot(values: np.ndarray) -> np.ndarray:
        values[0], values[1] = (1.2, 7.0), (-0.1, -7.0)
        return values

    answer = _label(clip, overshoot)
    assert answer.error == ""
    assert answer.clipped == 2
    assert answer.curves[:3].tolist() == [[1.0, 7.0], [0.0, -7.0], [0.5, 0.5]]


def test_a_still_face_is_counted_as_still(clip):
    assert _label(clip, lambda values: values * 0).active == 0
    assert _label(clip, lambda values: values).active == -(-len(clip.audio()) // 256)


def test_memory_that_runs_out_is_not_the_clips_fault(clip):
    with pytest.raises(MemoryError):
        _label(clip, _raise(MemoryError()))


def test_audio_that_changed_behind_the_manifests_back_is_refused(clip):
    answer = _label(replace(clip, sha256="0" * 64), lambda values: values)
    assert "differs from the corpus's manifest" in answer.error


def test_an_error_does_not_say_where_the_corpus_lies(clip, tmp_path):
    answer = _label(replace(clip, path="audio/absent.flac"), lambda values: values)
    assert answer.error == "audio/absent.flac: No such file or directory"


def test_exact_limits_hold():
    values = np.array([[2.0, 65504.0], [-1.0, -65504.0]], np.float32)
    held, clipped = checked(Curves(values, CONTROLS), CONTROLS, 2)
    assert held.tolist() == [[1.0, 65504.0], [0.0, -65504.0]]
    assert clipped == 2
