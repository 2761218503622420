"""Pitch and vocal-tract changes move what they say, and nothing in time."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import data
from facelite.speech import audio, augment
from scipy import signal

RATE = 16000


def vowel(pitch: float, formants: tuple[float, ...] = (700.0, 1300.0, 2600.0)) -> np.ndarray:
    """One second of a pulse train through resonators of 80 Hz bandwidth."""
    pulses = np.zeros(RATE)
    pulses[np.arange(0, RATE, RATE / pitch).astype(int)] = 1
    for formant in formants:
        radius = np.exp(-np.pi * 80 / RATE)
        pulses = signal.lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * formant / RATE), radius**2], pulses)
    return (0.3 * pulses / np.abs(pulses).max()).astype(np.float32)


def pitch_of(sound: np.ndarray) -> float:
    middle = sound[RATE // 4 : 3 * RATE // 4]
    correlation = signal.correlate(middle, middle, method="fft")[len(middle) - 1 :]
    return RATE / (40 + int(np.argmax(correlation[40:200])))


def formants_of(sound: np.ndarray, count: int) -> np.ndarray:
    """The lowest peaks of an order-14 linear prediction, Hz."""
    middle = signal.lfilter([1, -0.9], [1], sound[RATE // 4 : 3 * RATE // 4]) * np.hanning(RATE // 2)
    correlation = signal.correlate(middle, middle, method="fft")[len(middle) - 1 :][:15]
    rows = correlation[np.abs(np.subtract.outer(np.arange(14), np.arange(14)))]
    poles = np.roots(np.r_[1, -np.linalg.solve(rows, correlation[1:])])
    sharp = poles[(poles.imag > 0) & (np.abs(poles) > 0.85)]
    return np.sort(np.angle(sharp) * RATE / (2 * np.pi))[:count]


@pytest.mark.parametrize("factor", [0.85, 1.0, 1.18])
def test_vocal_tract_moves_formants_and_keeps_pitch(factor: float) -> None:
    changed = augment.vocal_tract(vowel(110), np.random.default_rng(0), factor, factor)
    assert pitch_of(changed) == pytest.approx(110, rel=0.01)
    moved = vowel(110, tuple(np.array([700, 1300, 2600]) * factor))
    assert formants_of(changed, 3) == pytest.approx(formants_of(moved, 3), rel=0.06)


@pytest.mark.parametrize("semitones", [-4.0, -1.0, 2.0, 4.0])
def test_pitch_moves_the_pitch_and_keeps_formants(semitones: float) -> None:
    changed = augment.pitch(vowel(140), np.random.default_rng(0), semitones, semitones)
    assert pitch_of(changed) == pytest.approx(140 * 2 ** (semitones / 12), rel=0.02)
    same_mouth = vowel(140 * 2 ** (semitones / 12))
    assert formants_of(changed, 2) == pytest.approx(formants_of(same_mouth, 2), rel=0.08)


def test_nothing_moves_in_time() -> None:
    """Envelopes of real speech line up within 1.5 ms, and clicks stay within the 5 ms that overlap-add may choose."""
    clips = [audio.read(clip.path) for clip in data.clips()]
    speech = np.concatenate(clips)[: 20 * RATE]
    for change in (augment.pitch, augment.vocal_tract):
        for seed in range(4):
            changed = change(speech, np.random.default_rng(seed))
            smooth = [signal.oaconvolve(np.abs(x), np.hanning(161), "same") for x in (speech, changed)]
            before, after = (x - x.mean() for x in smooth)
            offset = int(np.argmax(signal.correlate(after, before, method="fft"))) - (len(speech) - 1)
            assert abs(offset) <= 0.0015 * RATE
    bursts = np.zeros(2 * RATE, np.float32)
    bursts[RATE // 2 :: RATE // 4] = 0.5
    for seed in range(4):
        changed = np.abs(augment.pitch(bursts, np.random.default_rng(seed)))
        for start in np.flatnonzero(bursts):
            near = slice(start - RATE // 20, start + RATE // 20)
            assert abs(int(np.argmax(changed[near])) - RATE // 20) <= 0.0055 * RATE
