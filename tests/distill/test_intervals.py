"""Bootstrap intervals against SciPy's own bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.distill.intervals import average_precision_interval
from facelite.distill.metrics import ScoredClip
from scipy import stats
from sklearn.metrics import average_precision_score


def _clips(count: int, frames: int = 120) -> list[ScoredClip]:
    """Clips of one contact each; some find it, some do not, with ties among scores."""
    random = np.random.default_rng(4)
    clips = []
    for index in range(count):
        score = random.normal(0, 1, frames).round(1)
        score[40:50] += random.uniform(0, 3)
        speech = np.ones(frames, bool)
        speech[: index % 7] = False
        clips.append(ScoredClip(score.astype(np.float32), ((40.0, 50.0),), speech))
    return clips


def _precision(clips: list[ScoredClip]) -> float:
    inside = np.concatenate([clip.inside()[clip.speech] for clip in clips])
    return average_precision_score(inside, np.concatenate([clip.score[clip.speech] for clip in clips]))


def test_drawing_clips_agrees_with_scipy():
    clips = _clips(20)
    found = average_precision_interval(clips, ["one voice"] * 20)
    expected = stats.bootstrap(
        (np.arange(20),),
        lambda drawn: _precision([clips[index] for index in drawn]),
        vectorized=False,
        method="percentile",
        n_resamples=400,
        random_state=1,
    ).confidence_interval
    assert (found.over, found.units) == ("clips", 20)
    assert found.low == pytest.approx(expected.low, abs=0.015)
    assert found.high == pytest.approx(expected.high, abs=0.015)
    assert found.low < _precision(clips) < found.high


def test_speakers_are_drawn_whole():
    """Twenty copies of five clips are still five speakers: as unsure as five clips are."""
    clips, names = _clips(5), list("abcde")
    few = average_precision_interval(clips, names)
    many = average_precision_interval(clips * 20, names * 20)
    assert (many.over, many.units) == ("speakers", 5)
    assert (many.low, many.high) == pytest.approx((few.low, few.high), abs=1e-9)
    as_clips = average_precision_interval(clips * 20, ["one voice"] * 100)
    assert as_clips.high - as_clips.low < (few.high - few.low) / 2


def test_nothing_to_draw_from():
    assert average_precision_interval(_clips(1), ["a"]) is None
    silent = [ScoredClip(np.zeros(10, np.float32), (), np.ones(10, bool))] * 3
    assert average_precision_interval(silent, ["a", "b", "c"]) is None
