"""A mel-spaced Gabor filter bank: where the first convolution starts.

A randomly initialised raw-waveform front hardly trains at this size; one that starts as a filter bank does.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

MEL_BINS = 40
"""Bands of the auxiliary log-mel output, which only training has."""


def mel(hertz: NDArray | float) -> NDArray:
    """Hz -> mel, O'Shaughnessy 1987: 2595 log10(1 + f / 700)."""
    return 2595.0 * np.log10(1.0 + np.asarray(hertz) / 700.0)


def hertz(mels: NDArray | float) -> NDArray:
    """Inverse of `mel`."""
    return 700.0 * (10.0 ** (np.asarray(mels) / 2595.0) - 1.0)


def gabor(filters: int, taps: int, sample_rate: int, low: float = 90.0, high: float = 7400.0) -> NDArray[np.float32]:
    """Gaussian-windowed sinusoids at mel-spaced centres, each as wide as the mel spacing around it.

    Neighbours alternate between cosine and sine phase, so that after rectification their ripples differ.

    Returns
    -------
    float32 [taps, filters], each filter with unit L2 norm.
    """
    edges = hertz(np.linspace(mel(low), mel(high), filters + 2))
    time = (np.arange(taps) - (taps - 1) / 2) / sample_rate
    bank = np.empty((taps, filters), np.float32)
    for index in range(filters):
        centre, width = edges[index + 1], edges[index + 2] - edges[index]
        # A Gaussian whose spectrum is `width` wide at half height has this standard deviation in time; it may not
        # outgrow the taps.
        sigma = min(np.sqrt(2 * np.log(2)) / (np.pi * width), taps / sample_rate / 5)
        phase = 0.0 if index % 2 == 0 else np.pi / 2
        wave = np.exp(-0.5 * (time / sigma) ** 2) * np.cos(2 * np.pi * centre * time + phase)
        wave -= wave.mean()
        bank[:, index] = wave / np.linalg.norm(wave)
    return bank


@cache
def mel_weights(bins: int, fft: int, sample_rate: int) -> NDArray[np.float32]:
    """Triangular mel filters over an FFT's power bins, float32 [fft // 2 + 1, bins]."""
    edges = hertz(np.linspace(mel(60.0), mel(sample_rate / 2 * 0.95), bins + 2))
    return triangles(edges, fft, sample_rate).astype(np.float32)


def triangles(edges: NDArray, fft: int, sample_rate: int) -> NDArray[np.float64]:
    """Filters of height 1 over an FFT's bins, each from one edge to the next but one: [fft // 2 + 1, edges - 2].

    Parameters
    ----------
    edges
        Hz, ascending.
    """
    frequency = np.arange(fft // 2 + 1) * sample_rate / fft
    rise = (frequency[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - frequency[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(np.minimum(rise, fall), 0)


def log_mel(audio: NDArray[np.float32], frames: int, hop: int, bins: int, sample_rate: int) -> NDArray[np.float32]:
    """Log-mel spectrum, centred so that frame ``i`` covers the 512 samples around ``i * hop + hop``.

    Parameters
    ----------
    audio
        float32 [batch, samples], at least ``(frames + 1) * hop + 256`` samples.

    Returns
    -------
    float32 [batch, frames, bins], ``log10(power + 1e-7) / 4 + 1``: roughly -1..1.
    """
    fft = 512
    view = np.lib.stride_tricks.sliding_window_view(audio, fft, axis=1)[:, ::hop][:, :frames]
    spectrum = np.fft.rfft(view * np.hanning(fft).astype(np.float32), axis=-1)
    power = (spectrum.real**2 + spectrum.imag**2) @ mel_weights(bins, fft, sample_rate)
    return (np.log10(power + 1e-7) / 4 + 1).astype(np.float32)
