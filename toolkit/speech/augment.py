"""Changes to training audio that a microphone, a room or a speaker could have made.

Every function takes float32 [samples] at `sample_rate` Hz (16 kHz unless said otherwise) and a NumPy generator,
and returns float32; none keeps state or changes its input. Only `speed` moves anything in time, and it returns
the factor to scale phone times by. None clips: apply `clip` last.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import soxr
from numpy.typing import NDArray

from .phones import TimedPhone

Audio = NDArray[np.float32]
Generator = np.random.Generator

_SILENT = 1e-6
"""Root mean square below which audio counts as silence and has no signal-to-noise ratio."""

SPECTRA: dict[str, float] = {"white": 0.0, "pink": -1.0, "brown": -2.0, "blue": 1.0}
"""Exponent of frequency in the power spectrum of each colour of noise."""


def gain(audio: Audio, rng: Generator, low_db: float = -40.0, high_db: float = 0.0) -> Audio:
    """Scale the peak to a level drawn evenly between `low_db` and `high_db` of full scale."""
    peak = float(np.abs(audio).max(initial=0.0))
    if peak < _SILENT:
        return audio.copy()
    return audio * np.float32(10 ** (rng.uniform(low_db, high_db) / 20) / peak)


def coloured_noise(samples: int, rng: Generator, colour: str = "pink", sample_rate: int = 16000) -> Audio:
    """Gaussian noise whose power falls or rises with frequency as `SPECTRA` says, root mean square 1.

    Below 20 Hz the spectrum is flat, so that brown noise is no slow drift.
    """
    size = _fast_length(samples)
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / sample_rate), 20.0).astype(np.float32)
    bins = rng.standard_normal((2, len(frequency)), dtype=np.float32)
    spectrum = (bins[0] + 1j * bins[1]) * frequency ** np.float32(SPECTRA[colour] / 2)
    noise = np.fft.irfft(spectrum, size)[:samples].astype(np.float32)
    return noise / np.float32(max(_rms(noise), _SILENT))


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
    level, noise_level = _rms(audio), _rms(piece)
    ratio = 10 ** (rng.uniform(low_db, high_db) / 20)
    if level < _SILENT or noise_level < _SILENT:
        return audio.copy()
    return audio + piece * np.float32(level / noise_level / ratio)


def room_response(
    rng: Generator,
    decay: tuple[float, float] = (0.1, 0.6),
    ratio_db: tuple[float, float] = (0.0, 20.0),
    sample_rate: int = 16000,
) -> Audio:
    """A made-up room: the direct sound at sample 0, then Gaussian noise that decays exponentially.

    This is the model of Polack (1988) for the late field, used from the first reflection on.

    Parameters
    ----------
    decay
        Range of the reverberation time, seconds until the level has fallen by 60 dB.
    ratio_db
        Range of the energy of the direct sound over that of all reflections.
    """
    seconds = rng.uniform(*decay)
    time = np.arange(int(seconds * sample_rate), dtype=np.float32) / sample_rate
    tail = rng.standard_normal(len(time), dtype=np.float32) * np.exp(time * np.float32(-6.9078 / seconds))
    tail[: int(rng.uniform(0.001, 0.008) * sample_rate)] = 0  # the first wall is 0.3 to 2.7 m of path away
    energy = float(np.square(tail).sum())
    tail *= np.float32(np.sqrt(10 ** (-rng.uniform(*ratio_db) / 10) / max(energy, _SILENT)))
    tail[0] = 1.0
    return tail


def convolve(audio: Audio, response: Audio) -> Audio:
    """`audio` heard through `response`, cut to its own length; response[0] is the direct sound, so no delay."""
    size = _fast_length(len(audio) + len(response) - 1)
    product = np.fft.rfft(audio, size) * np.fft.rfft(response, size)
    return np.fft.irfft(product, size)[: len(audio)].astype(np.float32)


def room(audio: Audio, rng: Generator) -> Audio:
    """Convolve with a room drawn by `room_response`."""
    return convolve(audio, room_response(rng))


def speed(audio: Audio, rng: Generator, low: float = 0.85, high: float = 1.18) -> tuple[Audio, float]:
    """Play faster or slower, pitch and formants included, by a factor drawn log-evenly.

    Returns
    -------
    The audio, and the factor that its times are to be multiplied by (see `scale_phones`).
    """
    factor = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    resampled = soxr.resample(audio, factor, 1.0, quality="MQ").astype(np.float32)
    return resampled, len(resampled) / len(audio)


def scale_phones(phones: Sequence[TimedPhone], factor: float) -> tuple[TimedPhone, ...]:
    """Phones of audio whose length was multiplied by `factor`."""
    return tuple(
        TimedPhone(
            phone.start * factor,
            phone.end * factor,
            phone.symbol,
            None if phone.release is None else phone.release * factor,
        )
        for phone in phones
    )


def equalise(audio: Audio, rng: Generator, depth_db: float = 8.0, sample_rate: int = 16000) -> Audio:
    """A smooth random microphone response without delay: gains up to ±`depth_db` at octaves, and band edges.

    The high pass lies between 20 and 200 Hz, the low pass between 3 and 8 kHz (telephone to studio), both with
    slopes of 12 dB an octave.
    """
    size = _fast_length(len(audio) + sample_rate // 50)
    frequency = np.fft.rfftfreq(size, 1 / sample_rate).astype(np.float32)
    octaves = np.log2(np.maximum(frequency, 20.0) / 62.5)
    curve_db = np.interp(octaves, np.arange(8), rng.uniform(-depth_db, depth_db, 8))
    low, high = 20 * 10 ** rng.uniform(0, 1), 3000 * (8 / 3) ** rng.uniform(0, 1)
    edges = 1 / (1 + (low / np.maximum(frequency, 1e-3)) ** 4) / (1 + (frequency / high) ** 4)
    response = (10 ** (curve_db / 20) * np.sqrt(edges)).astype(np.float32)
    return np.fft.irfft(np.fft.rfft(audio, size) * response, size)[: len(audio)].astype(np.float32)


def clip(audio: Audio) -> Audio:
    """Limit to -1..1, as a converter does."""
    return np.clip(audio, -1.0, 1.0)


def _fast_length(samples: int) -> int:
    """The smallest length from `samples` on, of the form 2^k times 1, 3, 5, 9 or 15, that an FFT does fast."""
    exponents = ((odd, max(1, int(np.ceil(np.log2(max(samples, 2) / odd))))) for odd in (1, 3, 5, 9, 15))
    return min(odd << exponent for odd, exponent in exponents)


def _rms(audio: Audio) -> float:
    return float(np.sqrt(np.dot(audio, audio) / max(len(audio), 1)))
