"""When the lips are shut: the closure phase of each p, b and m."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .articulation import BILABIAL_STOPS, BILABIALS
from .protocol import Phone

RELEASE_RISE_DB = 6.0
"""A rise of level between two frames that marks the release of a stop whose labels do not tell it."""


def release(phone: Phone, levels: NDArray[np.float32], frame_rate: float) -> float:
    """Seconds at which the closure of `phone` ends.

    The labels' own release where they have one; else, for a stop, the steepest rise of level inside it; else,
    and for a nasal, its end.

    Parameters
    ----------
    levels
        float32 [frames], dB, as `loudness.frame_levels` gives them.
    """
    known = getattr(phone, "release", None)
    if known is not None:
        return float(known)
    if phone.symbol not in BILABIAL_STOPS:
        return phone.end
    first = int(np.ceil(phone.start * frame_rate))
    last = min(int(np.floor(phone.end * frame_rate)) + 1, len(levels) - 1)
    if last - first < 2:
        return phone.end
    rise = np.diff(levels[first : last + 1])
    steepest = int(np.argmax(rise))
    return min((first + steepest + 0.5) / frame_rate, phone.end) if rise[steepest] > RELEASE_RISE_DB else phone.end


def closures(
    phones: Iterable[Phone], levels: NDArray[np.float32], frame_rate: float
) -> tuple[tuple[float, float], ...]:
    """Start and end in seconds of every bilabial closure: silence or nasal, not the burst."""
    return tuple((phone.start, release(phone, levels, frame_rate)) for phone in phones if phone.symbol in BILABIALS)


def speech_spans(phones: Iterable[Phone], longest_pause: float = 1e-3) -> tuple[tuple[float, float], ...]:
    """Start and end in seconds of every stretch without a silence of more than `longest_pause` seconds."""
    spans: list[tuple[float, float]] = []
    for phone in phones:
        if phone.symbol == "SIL":
            continue
        if spans and phone.start - spans[-1][1] <= longest_pause:
            spans[-1] = (spans[-1][0], phone.end)
        else:
            spans.append((phone.start, phone.end))
    return tuple(spans)
