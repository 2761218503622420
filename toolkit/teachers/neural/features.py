"""What the neural teacher hears, 125 times a second: a log-mel spectrum, its level taken out, and perhaps senones.

Senones carry what a speech recogniser's acoustic model learnt, from other speakers than those that labels exist of.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...distill.filterbank import mel_weights
from .senones import score

BINS = 80
SUBFRAMES = 2
"""Spectra a frame of curves: one at its time, one half a frame later."""

SAMPLE_RATE, HOP = 16000, 256
"""Hz, and samples a frame of curves."""

FFT, WINDOW, STEP = 512, 400, HOP // SUBFRAMES
"""Samples: of a transform, heard by it, and from one to the next."""

FLOOR = 1e-7
"""Power of what 16 bits cannot hold: about ten times that of rounding in one band."""

CENTRE, SPREAD, LOWEST = 2.5, 2.0, -1.75
"""Bands of speech lie 0 to 50 dB below an utterance's loud frames; what is 60 dB below them is silence."""


def constants(senones: bool) -> tuple[object, ...]:
    """All that decides what is heard, for fingerprints."""
    mel = (BINS, SUBFRAMES, HOP, FFT, WINDOW, STEP, FLOOR, CENTRE, SPREAD, LOWEST)
    return (*mel, *score.constants()) if senones else mel


def width(senones: bool) -> int:
    """Columns of what is heard."""
    return BINS + score.COUNT * senones


def hear(audio: NDArray[np.float32], frames: int, senones: bool) -> NDArray[np.float32]:
    """The spectra of `log_mel`, and beside them the senones at the same instants: float32 [2 * frames, width].

    Raises
    ------
    MissingDependency
        Senones are asked for, and pocketsphinx is not installed.
    """
    mel = log_mel(audio, frames)
    return np.concatenate([mel, score.senones(audio, STEP, len(mel))], 1) if senones else mel


def log_mel(audio: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Spectra of an utterance at 16 kHz, two a frame; spectrum ``j`` is centred at sample ``128 j``.

    Parameters
    ----------
    audio
        float32 [samples].
    frames
        Frames of curves; silence follows the audio where it is shorter.

    Returns
    -------
    float32 [2 * frames, 80]: log10 of the power in each band, relative to the 95th percentile of the frames' total
    power, about -1..1. Playing the audio louder or softer changes nothing until the noise floor of 16 bits.
    """
    count = SUBFRAMES * frames
    padded = np.zeros((count - 1) * STEP + WINDOW, np.float32)
    kept = audio[: len(padded) - WINDOW // 2]
    padded[WINDOW // 2 : WINDOW // 2 + len(kept)] = kept
    view = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP]
    spectrum = np.fft.rfft(view * _hann(), FFT, axis=-1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ mel_weights(BINS, FFT, SAMPLE_RATE)
    level = np.log10(power.sum(1) + FLOOR)
    relative = np.log10(power + FLOOR) - np.percentile(level, 95).astype(np.float32)
    return np.maximum((relative + CENTRE) / SPREAD, LOWEST).astype(np.float32)


def _hann() -> NDArray[np.float32]:
    return np.hanning(WINDOW).astype(np.float32)
