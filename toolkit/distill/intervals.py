"""How sure a figure is: bootstrap intervals over speakers or clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .metrics import ScoredClip

LEVEL = 0.95
DRAWS = 1000
FEWEST_SPEAKERS = 5
"""Below this, clips are drawn instead of speakers: resampling two voices says nothing about a third."""


@dataclass(frozen=True)
class Interval:
    """A percentile bootstrap interval (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).

    Attributes
    ----------
    low, high
        The middle 95 % of `DRAWS` resamplings.
    over, units
        What was drawn with replacement, "speakers" or "clips", and how many there are.
    """

    low: float
    high: float
    over: str
    units: int


def average_precision_interval(clips: Sequence[ScoredClip], speakers: Sequence[str], seed: int = 0) -> Interval | None:
    """Interval of the frame average precision over `clips`; `speakers` names each clip's.

    Frames of one clip are not independent, nor are clips of one speaker: whole speakers are drawn where there are at
    least `FEWEST_SPEAKERS`, else whole clips. None with fewer than two clips or without contacts.
    """
    by_speaker = len(set(speakers)) >= FEWEST_SPEAKERS
    names = list(speakers) if by_speaker else [str(index) for index in range(len(clips))]
    known = {name: index for index, name in enumerate(dict.fromkeys(names))}
    score = np.concatenate([clip.score[clip.speech] for clip in clips]) if clips else np.zeros(0)
    positive = np.concatenate([clip.inside()[clip.speech] for clip in clips]) if clips else np.zeros(0, bool)
    if len(known) < 2 or not positive.any():
        return None
    unit = np.repeat([known[name] for name in names], [int(clip.speech.sum()) for clip in clips])
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    positive, unit = positive[order], unit[order]
    random = np.random.default_rng(seed)
    shares = np.full(len(known), 1 / len(known))
    draws = [_weighted(positive, random.multinomial(len(known), shares)[unit], ends) for _ in range(DRAWS)]
    low, high = np.nanpercentile(draws, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Interval(float(low), float(high), "speakers" if by_speaker else "clips", len(known))


def _weighted(positive: NDArray[np.bool_], weight: NDArray[np.int64], ends: NDArray[np.int64]) -> float:
    """Average precision of frames in falling order of score, each counted `weight` times; NaN without positives."""
    hits, seen = np.cumsum(weight * positive)[ends], np.cumsum(weight)[ends]
    if hits[-1] == 0:
        return float("nan")
    return float(np.sum(np.diff(hits, prepend=0) * (hits / np.maximum(seen, 1))) / hits[-1])
