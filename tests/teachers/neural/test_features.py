"""The neural teacher's spectra: SciPy's, relative to the utterance's level, at the right times."""

from __future__ import annotations

import numpy as np
from facelite.distill.filterbank import mel_weights
from facelite.teachers.neural.features import BINS, log_mel
from scipy.signal import ShortTimeFFT


def _speechlike(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(5)
    time = np.arange(int(16000 * seconds)) / 16000
    return ((0.2 + np.sin(2 * np.pi * 3 * time) ** 2) * rng.standard_normal(len(time)) * 0.1).astype(np.float32)


def test_spectra_are_those_of_scipy():
    audio = _speechlike(1.0)
    frames = -(-len(audio) // 256)
    stft = ShortTimeFFT(np.hanning(400), hop=128, fs=16000, mfft=512)
    power = np.abs(stft.stft(audio.astype(np.float64), p0=0, p1=2 * frames)) ** 2
    bands = power.T @ mel_weights(BINS, 512, 16000).astype(np.float64)
    relative = np.log10(bands + 1e-7) - np.percentile(np.log10(bands.sum(1) + 1e-7), 95)
    assert np.abs(log_mel(audio, frames) - np.maximum((relative + 2.5) / 2, -1.75)).max() < 1e-3


def test_loudness_changes_nothing():
    audio = _speechlike(1.0)
    assert np.abs(log_mel(audio, 62) - log_mel(audio * np.float32(0.1), 62)).max() < 0.02


def test_a_click_stands_at_its_time():
    audio = np.zeros(16000, np.float32)
    audio[60 * 128] = 0.5
    assert int(np.argmax(log_mel(audio, 62).sum(1))) == 60
