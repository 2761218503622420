"""Finding the recording, and the place in it, that some samples come from: equal samples, not similar ones.

Anchors are places that the sound itself chooses: where a hash of 16 neighbouring samples happens to begin with
eleven zero bits, about eight times a second. A stretch of a recording has the same anchors as the recording, so
one of them names recording and place, and the samples are then compared.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Key = TypeVar("Key")

_TAPS = 16
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio, odd: Knuth, The Art of Computer Programming 3, section 6.4."""

_CHOSEN_BITS = np.uint64(64 - 11)
_LIVELY = 8
"""Range of 16 samples below which they are silence, which sounds the same everywhere."""


class SoundIndex(Generic[Key]):
    """Recordings by their samples.

    Parameters
    ----------
    read
        Gives a recording's samples again, int16 [samples], to compare.
    """

    def __init__(self, read: Callable[[Key], NDArray[np.int16]]) -> None:
        self._read = read
        self._whole: dict[bytes, Key] = {}
        self._anchors: dict[int, list[tuple[Key, int]]] = defaultdict(list)

    def add(self, key: Key) -> None:
        """Take in a recording."""
        samples = self._read(key)
        self._whole[_digest(samples)] = key
        for position, value in zip(*_anchors(samples), strict=True):
            self._anchors[value].append((key, position))

    def find(self, samples: NDArray[np.int16]) -> tuple[Key, int] | None:
        """The recording that holds these samples, and where they begin in it; None when none does."""
        if (whole := self._whole.get(_digest(samples))) is not None:
            return whole, 0
        places = [
            (len(self._anchors[value]), key, position - own)
            for own, value in zip(*_anchors(samples), strict=True)
            if value in self._anchors
            for key, position in self._anchors[value]
            if position >= own
        ]
        tried: set[tuple[Key, int]] = set()
        for _, key, start in sorted(places, key=lambda place: place[0]):
            if (key, start) not in tried:
                tried.add((key, start))
                if np.array_equal(self._read(key)[start : start + len(samples)], samples):
                    return key, start
        return None


def _digest(samples: NDArray[np.int16]) -> bytes:
    return hashlib.sha256(samples.tobytes()).digest()


def _anchors(samples: NDArray[np.int16]) -> tuple[list[int], list[int]]:
    """Where the anchors are, and the hash of each."""
    count = len(samples) - _TAPS + 1
    if count < 1:
        return [], []
    codes = samples.astype(np.uint16).astype(np.uint64)
    value = np.zeros(count, np.uint64)
    for tap in range(_TAPS):
        value = value * _MULTIPLIER + codes[tap : tap + count]
    places = np.flatnonzero((value * _MULTIPLIER) >> _CHOSEN_BITS == 0)
    lively = [place for place in places.tolist() if int(np.ptp(samples[place : place + _TAPS].astype(int))) >= _LIVELY]
    return lively, value[lively].tolist()
