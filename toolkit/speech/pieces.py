"""Dividing long recordings where nobody speaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .audio import SAMPLE_RATE
from .phones import SILENCE, TimedPhone

LONGEST = 30.0
"""Seconds; longer recordings are divided."""

_BLOCK = 0.02
_QUIET = 10
"""Blocks that are looked at together: a cut lies in the middle of the quietest 0.2 s."""


def cuts(audio: NDArray[np.float32], phones: Sequence[TimedPhone] = (), longest: float = LONGEST) -> list[float]:
    """Seconds at which to divide, between 0 and the end; none where the audio is short enough.

    Each piece lasts between a half and all of `longest`, the last one a second at least. The cut lies in the middle of
    the longest silence among the phones there, or, where they know none, of the quietest 0.2 s.
    """
    seconds = len(audio) / SAMPLE_RATE
    silences = [phone for phone in phones if phone.symbol == SILENCE]
    levels = _levels(audio)
    found: list[float] = []
    start = 0.0
    while seconds - start > longest:
        first, last = start + longest / 2, min(start + longest, seconds - 1.0)
        start = _silence(silences, first, last) or _quietest(levels, first, last)
        found.append(start)
    return found


def cut_phones(phones: Sequence[TimedPhone], start: float, end: float) -> list[TimedPhone]:
    """The phones between two times, counted from the first."""
    return [
        TimedPhone(
            max(phone.start, start) - start,
            min(phone.end, end) - start,
            phone.symbol,
            None if phone.release is None else min(max(phone.release, start), end) - start,
        )
        for phone in phones
        if phone.start < end and phone.end > start
    ]


def _silence(silences: Sequence[TimedPhone], first: float, last: float) -> float | None:
    inside = [phone for phone in silences if first <= (phone.start + phone.end) / 2 <= last]
    if not inside:
        return None
    longest = max(inside, key=lambda phone: phone.end - phone.start)
    return (longest.start + longest.end) / 2


def _quietest(levels: NDArray[np.float64], first: float, last: float) -> float:
    window = levels[int(first / _BLOCK) : max(int(last / _BLOCK), int(first / _BLOCK) + 1)]
    return first + (int(np.argmin(window)) + 0.5) * _BLOCK


def _levels(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """Energy around each block of 20 ms."""
    block = int(_BLOCK * SAMPLE_RATE)
    blocks = np.square(audio[: len(audio) // block * block], dtype=np.float64).reshape(-1, block).sum(axis=1)
    return np.convolve(blocks, np.ones(_QUIET), "same") if len(blocks) > _QUIET else blocks
