"""Rooms and microphones: linear filters that keep the direct sound where it is."""

from __future__ import annotations

import numpy as np

from .base import SILENT, Audio, Generator, fast_length


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
    tail *= np.float32(np.sqrt(10 ** (-rng.uniform(*ratio_db) / 10) / max(energy, SILENT)))
    tail[0] = 1.0
    return tail


def convolve(audio: Audio, response: Audio) -> Audio:
    """`audio` heard through `response`, cut to its own length; response[0] is the direct sound, so no delay."""
    size = fast_length(len(audio) + len(response) - 1)
    product = np.fft.rfft(audio, size) * np.fft.rfft(response, size)
    return np.fft.irfft(product, size)[: len(audio)].astype(np.float32)


def room(audio: Audio, rng: Generator) -> Audio:
    """Convolve with a room drawn by `room_response`."""
    return convolve(audio, room_response(rng))


def equalise(audio: Audio, rng: Generator, depth_db: float = 8.0, sample_rate: int = 16000) -> Audio:
    """A smooth random microphone response without delay: gains up to ±`depth_db` at octaves, and band edges.

    The high pass lies between 20 and 200 Hz, the low pass between 3 and 8 kHz (telephone to studio), both with
    slopes of 12 dB an octave.
    """
    size = fast_length(len(audio) + sample_rate // 50)
    frequency = np.fft.rfftfreq(size, 1 / sample_rate).astype(np.float32)
    octaves = np.log2(np.maximum(frequency, 20.0) / 62.5)
    curve_db = np.interp(octaves, np.arange(8), rng.uniform(-depth_db, depth_db, 8))
    low, high = 20 * 10 ** rng.uniform(0, 1), 3000 * (8 / 3) ** rng.uniform(0, 1)
    edges = 1 / (1 + (low / np.maximum(frequency, 1e-3)) ** 4) / (1 + (frequency / high) ** 4)
    response = (10 ** (curve_db / 20) * np.sqrt(edges)).astype(np.float32)
    return np.fft.irfft(np.fft.rfft(audio, size) * response, size)[: len(audio)].astype(np.float32)
