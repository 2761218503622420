"""Music-like sound made from a seed: what a face must stay still for, and hear speech through.

Chords, bass, a tune and drums, each played from one period of a wave. No voice in it and no recording.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .base import SILENT, Audio, Generator, rms

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10))
"""Semitones of the major, natural minor and Dorian scale."""

_PERIOD = 1024
_MIDDLE_A = 69
"""MIDI's number of the note of 440 Hz."""


def music(samples: int, rng: Generator, sample_rate: int = 16000) -> Audio:
    """float32 [samples] of made-up music, root mean square 1.

    Tempo 70 to 170 beats a minute, a random scale and timbre; chords always, each other part half of the time or
    more often.
    """
    beat = int(60 / rng.uniform(70, 170) * sample_rate)
    scale = _SCALES[int(rng.integers(len(_SCALES)))]
    root = int(rng.integers(45, 57))
    roots = rng.choice(7, size=-(-samples // (2 * beat)) + 1)
    sound = np.zeros(samples + 2 * beat, np.float32)
    for bar, degree in enumerate(roots):
        for tone in (0, 2, 4):
            _play(sound, 2 * beat * bar, 2 * beat, _note(root, scale, int(degree) + tone), 0.3, rng, sample_rate)
    if rng.random() < 0.7:
        for bar, degree in enumerate(roots):
            _play(sound, 2 * beat * bar, beat, _note(root - 12, scale, int(degree)), 0.8, rng, sample_rate)
    if rng.random() < 0.6:
        step = beat // int(rng.choice([1, 2]))
        for start in range(0, samples, step):
            note = _note(root + 12, scale, int(rng.integers(10)))
            _play(sound, start, step, note, 0.5 * float(rng.random() < 0.8), rng, sample_rate)
    if rng.random() < 0.6:
        _drums(sound, beat, rng, sample_rate)
    skip = int(rng.integers(beat))
    sound = sound[skip : skip + samples]
    return sound / np.float32(max(rms(sound), SILENT))


def _note(root: int, scale: tuple[int, ...], degree: int) -> float:
    """Hz of a degree of a scale, counted from 0, octaves beyond 7."""
    semitone = root + 12 * (degree // 7) + scale[degree % 7]
    return 440 * 2 ** ((semitone - _MIDDLE_A) / 12)


def _play(
    sound: Audio, start: int, length: int, frequency: float, level: float, rng: Generator, sample_rate: int
) -> None:
    """Add a note with a random timbre below 7 kHz, attack and decay."""
    length = min(length, len(sound) - start)
    partials = max(1, min(12, int(7000 / frequency)))
    order = np.arange(1, partials + 1)
    spectrum = np.zeros(_PERIOD // 2 + 1, np.complex64)
    spectrum[1 : partials + 1] = np.exp(2j * np.pi * rng.random(partials)) / order ** rng.uniform(0.7, 2.5)
    wave = np.fft.irfft(spectrum, _PERIOD).astype(np.float32)
    time = np.arange(max(length, 0), dtype=np.float64)
    phase = (time * (frequency * _PERIOD / sample_rate)).astype(np.int64) % _PERIOD
    seconds = (time / sample_rate).astype(np.float32)
    envelope = np.minimum(seconds / np.float32(rng.uniform(0.003, 0.05)), 1) * np.exp(-seconds / rng.uniform(0.1, 2))
    envelope *= np.minimum(1, (length - time.astype(np.float32)) / (0.01 * sample_rate))
    amplitude = level / max(float(np.abs(wave).max()), 1e-9)
    sound[start : start + length] += (wave[phase] * envelope * amplitude).astype(np.float32)


def _drums(sound: Audio, beat: int, rng: Generator, sample_rate: int) -> None:
    """A kick on the beats, a snare on every second one, a hi-hat on the halves."""
    time = np.arange(sample_rate // 5, dtype=np.float32) / sample_rate
    noise = rng.standard_normal(len(time), dtype=np.float32)
    pitch = 50 + 120 * np.exp(-time * 40)
    kick = np.sin(2 * np.pi * np.cumsum(pitch) / sample_rate) * np.exp(-time * 15)
    snare = (0.6 * noise + 0.4 * np.sin(2 * np.pi * 190 * time)) * np.exp(-time * 25)
    hat = np.diff(noise, prepend=np.float32(0)) * np.exp(-time * 60)
    for index, start in enumerate(range(0, len(sound), max(beat // 2, 1))):
        _hit(sound, start, hat, 0.3)
        if index % 2 == 0:
            _hit(sound, start, snare if index % 4 == 2 else kick, 1.0)


def _hit(sound: Audio, start: int, drum: NDArray[np.floating], level: float) -> None:
    piece = sound[start : start + len(drum)]
    piece += np.float32(level) * drum[: len(piece)].astype(np.float32)
