"""Noise of any colour, and anything added at a signal-to-noise ratio."""

from __future__ import annotations

import numpy as np

from .base import SILENT, Audio, Generator, fast_length, rms

SPECTRA: dict[str, float] = {"white": 0.0, "pink": -1.0, "brown": -2.0, "blue": 1.0}
"""Exponent of frequency in the power spectrum of each colour of noise."""


def coloured_noise(samples: int, rng: Generator, colour: str = "pink", sample_rate: int = 16000) -> Audio:
    """Gaussian noise whose power falls or rises with frequency as `SPECTRA` says, root mean square 1.

    Below 20 Hz the spectrum is flat, so that brown noise is no slow drift.
    """
    size = fast_length(samples)
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / sample_rate), 20.0).astype(np.float32)
    bins = rng.standard_normal((2, len(frequency)), dtype=np.float32)
    spectrum = (bins[0] + 1j * bins[1]) * frequency ** np.float32(SPECTRA[colour] / 2)
    noise = np.fft.irfft(spectrum, size)[:samples].astype(np.float32)
    return noise / np.float32(max(rms(noise), SILENT))


def add_noise(audio: Audio, noise: Audio, rng: Generator, low_db: float = 0.0, high_db: float = 30.0) -> Audio:
    """Add `noise` at a signal-to-noise ratio drawn evenly between `low_db` and `high_db`.

    Parameters
    ----------
    noise
        float32 [any length above 0]; read from a random place on, again from its start where it ends.
        The ratio is between the root mean squares of `audio` and of the piece of noise.
    """
    start = int(rng.integers(len(noise)))
    piece = noise[start : start + len(audio)]
    if len(piece) < len(audio):
        piece = np.resize(np.roll(noise, -start), len(audio))
    level, noise_level = rms(audio), rms(piece)
    ratio = 10 ** (rng.uniform(low_db, high_db) / 20)
    if level < SILENT or noise_level < SILENT:
        return audio.copy()
    return audio + piece * np.float32(level / noise_level / ratio)


def room_tone(audio: Audio, rng: Generator, low_db: float = -70.0, high_db: float = -40.0) -> Audio:
    """Add what an empty room and its wiring sound like, so that no pause is digital silence.

    Pink to brown noise and, half of the time, mains hum (50 or 60 Hz and its harmonics), with a root mean square
    between `low_db` and `high_db` of the peak of `audio`.
    """
    tone = coloured_noise(len(audio), rng, "pink" if rng.random() < 0.5 else "brown")
    if rng.random() < 0.5:
        tone = tone + _hum(len(audio), rng)
    peak = float(np.abs(audio).max(initial=0.0))
    level = peak * 10 ** (rng.uniform(low_db, high_db) / 20)
    return audio + tone * np.float32(level / max(rms(tone), SILENT))


def _hum(samples: int, rng: Generator, sample_rate: int = 16000) -> Audio:
    mains = 50.0 if rng.random() < 0.5 else 60.0
    time = np.arange(samples, dtype=np.float32) * np.float32(2 * np.pi * mains / sample_rate)
    harmonics = ((k, rng.uniform(0, 1.4) / k) for k in range(1, 6))
    return sum((np.float32(a) * np.sin(np.float32(k) * time) for k, a in harmonics), np.zeros(samples, np.float32))
