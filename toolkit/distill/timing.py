"""Are curves in time with what they follow? The shift at which two of them correlate best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..curves import FRAME_RATE

REACH = 20
"""Frames to either side that are tried: 320 ms."""

_MOVING = 1e-6


@dataclass(frozen=True)
class Follower:
    """The control that follows the loudness of speech most closely.

    Attributes
    ----------
    control
        Its name; "" when no control moves.
    lag_ms
        How much later than the loudness it moves. Faces move 0 to 100 ms after or before; further off, the curves are
        probably not in time with the audio.
    correlation
        Pearson's r at that lag.
    """

    control: str
    lag_ms: float
    correlation: float


def lags(leader: NDArray, followers: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lag in ms at which each follower correlates best with its leader, and Pearson's r there.

    Parameters
    ----------
    leader
        float [frames, controls], or [frames, 1] for one leader of all.
    followers
        float [frames, controls].

    Returns
    -------
    Two float64 [controls]; both NaN where either does not move.
    """
    shifts = np.arange(-REACH, REACH + 1)
    found = np.stack([_correlation(*_shifted(leader, followers, int(shift))) for shift in shifts])
    best = np.where(np.isnan(found), -np.inf, found).argmax(0)
    r = np.take_along_axis(found, best[None], 0)[0]
    return np.where(np.isnan(r), np.nan, shifts[best] * 1000 / FRAME_RATE), r


def closest_follower(loudness: NDArray, curves: NDArray, controls: tuple[str, ...]) -> Follower:
    """Which of `curves` [frames, controls] follows `loudness` [frames] most closely."""
    late, r = lags(loudness[:, None], curves)
    if np.isnan(r).all():
        return Follower("", float("nan"), float("nan"))
    best = int(np.nanargmax(r))
    return Follower(controls[best], float(late[best]), float(r[best]))


def _shifted(leader: NDArray, followers: NDArray, shift: int) -> tuple[NDArray, NDArray]:
    """Both, so that row ``i`` pairs the leader with the followers `shift` frames later."""
    if shift >= 0:
        return leader[: len(leader) - shift], followers[shift:]
    return leader[-shift:], followers[:shift]


def _correlation(a: NDArray, b: NDArray) -> NDArray[np.float64]:
    a, b = (np.asarray(x, np.float64) - x.mean(0) for x in (a, b))
    energy = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    still = (a.std(0) < _MOVING) | (b.std(0) < _MOVING)
    return np.where(still, np.nan, (a * b).sum(0) / np.where(still, 1, energy))
