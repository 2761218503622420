"""Moving a stop's labelled onset from its burst back to the start of its closure.

espeak-ng reports a stop when it starts to play it, which is the burst: the silence of the closure has already
passed and lies in the phone before. Taken as they are, such labels teach lips to close about 40 ms late.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .phones import SILENCE, STOPS, TimedPhone

BLOCK = 0.002
"""Seconds; the step in which levels are looked at."""

GAP_DB = -30.0
"""A closure's level lies this far, or further, below the loudest block of the phone before the stop."""

FLOOR_DB = -60.0
"""Full-scale level that counts as silence whatever stands around it."""

LONGEST_CLOSURE = 0.12
"""Seconds; a closure after a pause cannot be told from the pause and is given `CLOSURE_AFTER_PAUSE`."""

CLOSURE_AFTER_PAUSE = 0.07
"""Seconds; the middle of the 50 to 90 ms usual for stop closures."""


def correct_stops(phones: Sequence[TimedPhone], samples: NDArray[np.float32], sample_rate: int) -> list[TimedPhone]:
    """Walk the onset of each stop back over the silent gap before it; the old onset becomes `release`.

    Parameters
    ----------
    phones
        In order of time, each stop's start at its burst.
    samples
        float32 [samples]; the synthesised speech the phones belong to.
    sample_rate
        Hz.

    Returns
    -------
    The same phones; the phone before a stop ends where the stop's closure now begins.
    """
    levels = _levels_db(samples, max(1, round(BLOCK * sample_rate)))
    result: list[TimedPhone] = []
    for phone in phones:
        if phone.symbol not in STOPS:
            result.append(phone)
            continue
        before = result[-1] if result else None
        onset = _closure_start(phone.start, before, levels)
        if before is not None and onset < before.end:
            result[-1] = TimedPhone(before.start, onset, before.symbol, before.release)
        result.append(TimedPhone(onset, phone.end, phone.symbol, phone.start))
    return [phone for phone in result if phone.end > phone.start]


def _closure_start(burst: float, before: TimedPhone | None, levels: NDArray[np.float64]) -> float:
    if before is None:
        return max(0.0, burst - CLOSURE_AFTER_PAUSE)
    if before.symbol == SILENCE:
        return max(before.start, burst - CLOSURE_AFTER_PAUSE)
    first, last = int(np.ceil(before.start / BLOCK)), int(burst / BLOCK)
    spoken = levels[first:last]
    if len(spoken) == 0:
        return burst
    gate = max(float(spoken.max()) + GAP_DB, FLOOR_DB)
    loud = np.flatnonzero(spoken > gate)
    gap = (first + int(loud[-1]) + 1) * BLOCK if len(loud) else before.start
    return min(burst, max(gap, burst - LONGEST_CLOSURE))


def _levels_db(samples: NDArray[np.float32], block: int) -> NDArray[np.float64]:
    blocks = np.asarray(samples[: len(samples) // block * block], np.float64).reshape(-1, block)
    return 10 * np.log10(np.mean(blocks**2, axis=1) + 1e-12)
