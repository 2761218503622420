"""What takes the place of the audio that a frame may not hear."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

LOUDEST, LOWEST = 32767, -32768

MURMURS = (30, 300, 3000)
"""Standard deviations of the soft noise; in what is louder, one sample seldom counts."""

SQUARE_HZ = 125
"""Of the square wave; low enough that a resampler's filter passes it whole."""


def noise(samples: int, rate: int, seed: int) -> Pcm:
    """Full-scale white noise."""
    return np.random.default_rng(seed).integers(LOWEST, LOUDEST + 1, samples).astype(np.int16)


def murmur(samples: int, rate: int, seed: int) -> Pcm:
    """Soft white noise, in turn of three loudnesses: under it a student rounds otherwise than under a clip."""
    loudness = MURMURS[seed % len(MURMURS)]
    return np.random.default_rng(seed).normal(0, loudness, samples).astype(np.int16)


def silence(samples: int, rate: int, seed: int) -> Pcm:
    """Nothing."""
    return np.zeros(samples, np.int16)


def square(samples: int, rate: int, seed: int) -> Pcm:
    """A full-scale square wave; odd seeds start with its low half."""
    half = np.arange(samples) * 2 * SQUARE_HZ // rate
    return np.where((half + seed) % 2 == 0, LOUDEST, LOWEST).astype(np.int16)


KINDS: dict[str, Callable[[int, int, int], Pcm]] = {"noise": noise, "silence": silence, "square": square}
"""Name -> (samples, rate, seed) -> audio."""


def after(pcm: Pcm, cut: int, kind: str, rate: int, seed: int) -> Pcm:
    """`pcm` up to sample `cut`, something else from there on."""
    cut = min(max(cut, 0), len(pcm))
    return np.concatenate([pcm[:cut], KINDS[kind](len(pcm) - cut, rate, seed)])


def inside(pcm: Pcm, cut: int, samples: int) -> tuple[Pcm, Pcm]:
    """`pcm` with the last `samples` samples before `cut` thrown to either end of the scale."""
    span = slice(max(0, cut - samples), cut)
    thrown = pcm.copy(), pcm.copy()
    for changed, end in zip(thrown, (LOWEST, LOUDEST), strict=True):
        changed[span] = end
    return thrown
