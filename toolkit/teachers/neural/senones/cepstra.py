"""Mel-frequency cepstra as the acoustic model was trained on (its feat.params), with their two differences.

Davis and Mermelstein 1980. Where this departs from pocketsphinx: no noise is subtracted, frames are centred, and the
floor lies below the utterance's own level, so that gain changes nothing and digital silence cannot rule the mean.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ....distill import filterbank
from ....distill.filterbank import hertz, mel

SAMPLE_RATE, STEP, WINDOW, FFT = 16000, 160, 410, 512
"""Hz; samples from frame to frame, heard by one, and of its transform."""

BANDS, LOWEST, HIGHEST = 25, 130.0, 6800.0
"""Triangles, and the Hz between which they lie."""

COEFFICIENTS, LIFTER = 13, 22
"""Cepstra kept, and the length of the sine that weighs them."""

EMPHASIS = 0.97
"""Of the first difference."""

FLOOR = 3e-7
"""Power added to each band, over the 95th percentile of the frames' total: -65 dB. Of floors from -45 to -70 dB the one
at which the senones of EmoDB's p, b and m stand out best; 5 dB to either side cost at most .004 of AP."""

LEAST = 1e-13
"""Power added besides, for audio without any; far below what one step of 16 bits makes."""

REACH = 3
"""Frames on each side that a second difference looks at."""

STREAMS = 3
"""Cepstra, their difference over four frames, and that one's over two; each is a stream of its own."""


def streams(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The three streams of an utterance at 16 kHz, frame ``j`` centred at sample ``160 j``.

    Parameters
    ----------
    audio
        float32 [samples], at least one.

    Returns
    -------
    float32 [ceil(samples / 160), 3, 13], the mean over the utterance taken out of the first.
    """
    return differences(coefficients(audio))


def differences(cepstra: NDArray[np.float32]) -> NDArray[np.float32]:
    """[frames, 13] -> [frames, 3, 13]; the ends hold."""
    count = len(cepstra)
    held = np.pad(cepstra - cepstra.mean(0), ((REACH, REACH), (0, 0)), "edge")

    def at(shift: int) -> NDArray[np.float32]:
        return held[REACH + shift : REACH + shift + count]

    return np.stack([at(0), at(2) - at(-2), at(3) - at(-1) - at(1) + at(-3)], 1)


def coefficients(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cepstra of an utterance: float32 [samples] at 16 kHz -> [ceil(samples / 160), 13], their mean left in."""
    count = -(-len(audio) // STEP)
    padded = np.zeros((count - 1) * STEP + WINDOW + 1, np.float32)
    kept = audio[: len(padded) - WINDOW // 2 - 1]
    padded[WINDOW // 2 + 1 : WINDOW // 2 + 1 + len(kept)] = kept
    emphasised = padded[1:] - np.float32(EMPHASIS) * padded[:-1]
    view = np.lib.stride_tricks.sliding_window_view(emphasised, WINDOW)[::STEP]
    spectrum = np.fft.rfft(view * np.hamming(WINDOW).astype(np.float32), FFT, axis=-1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ triangles()
    floor = np.float32(FLOOR * np.percentile(power.sum(1), 95) + LEAST)
    return np.log(power + floor) @ cosines()


@cache
def triangles() -> NDArray[np.float32]:
    """Of equal area, their corners rounded to the transform's bins: float32 [257, 25]."""
    bin_width = SAMPLE_RATE / FFT
    edges = np.floor(hertz(np.linspace(mel(LOWEST), mel(HIGHEST), BANDS + 2)) / bin_width + 0.5) * bin_width
    return (filterbank.triangles(edges, FFT, SAMPLE_RATE) * 2 / (edges[2:] - edges[:-2])).astype(np.float32)


@cache
def cosines() -> NDArray[np.float32]:
    """The orthonormal cosine transform, its rows liftered: float32 [25, 13]."""
    order = np.arange(COEFFICIENTS)
    matrix = np.sqrt(2 / BANDS) * np.cos(np.pi * order * (np.arange(BANDS)[:, None] + 0.5) / BANDS)
    matrix[:, 0] /= np.sqrt(2)
    return (matrix * (1 + LIFTER / 2 * np.sin(np.pi * order / LIFTER))).astype(np.float32)
