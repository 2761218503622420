"""Stops start where the sound stops, not where it bursts."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.speech import onsets
from facelite.speech.phones import SILENCE, TimedPhone

RATE = 16000


def vowel_gap_vowel(gap: float, hum: float = 0.0) -> tuple[np.ndarray, list[TimedPhone]]:
    """0.3 s of tone, `gap` s of closure (with a hum of that amplitude), 0.3 s of tone; labelled at the burst."""
    time = np.arange(round((0.6 + gap) * RATE)) / RATE
    closed = (time >= 0.3) & (time < 0.3 + gap)
    samples = np.where(closed, hum, 0.3) * np.sin(2 * np.pi * 200 * time)
    burst = 0.3 + gap
    phones = [TimedPhone(0.0, burst, "AA"), TimedPhone(burst, burst + 0.02, "P"), TimedPhone(burst + 0.02, 0.6, "AA")]
    return samples.astype(np.float32), phones


@pytest.mark.parametrize("gap", [0.02, 0.04, 0.08])
@pytest.mark.parametrize("hum", [0.0, 0.003])
def test_onset_walks_back_over_the_whole_closure(gap: float, hum: float) -> None:
    samples, phones = vowel_gap_vowel(gap, hum)
    before, stop, _ = onsets.correct_stops(phones, samples, RATE)
    assert stop.start == pytest.approx(0.3, abs=0.003)
    assert before.end == stop.start
    assert stop.release == phones[1].start


def test_without_a_gap_nothing_moves() -> None:
    samples, phones = vowel_gap_vowel(0.0)
    assert onsets.correct_stops(phones, samples, RATE)[1].start == pytest.approx(0.3, abs=0.002)


def test_after_a_pause_the_closure_has_a_usual_length_and_never_reaches_before_it() -> None:
    silence = np.zeros(RATE, np.float32)
    for pause in (0.03, 0.5):
        phones = [TimedPhone(0.0, pause, SILENCE), TimedPhone(pause, pause + 0.05, "B")]
        stop = next(p for p in onsets.correct_stops(phones, silence, RATE) if p.symbol == "B")
        assert stop.start == pytest.approx(pause - min(pause, onsets.CLOSURE_AFTER_PAUSE))


@pytest.mark.program("espeak-ng")
def test_espeak_stops_are_loud_before_and_silent_after_the_corrected_onset() -> None:
    """The measurement that shows the trap: 20 ms either side of P, T and K after vowels."""
    from facelite.speech.sources.espeak import Espeak

    def level(samples: np.ndarray, start: float, end: float) -> float:
        piece = samples[max(0, round(start * RATE)) : round(end * RATE)].astype(float)
        return float(10 * np.log10(np.mean(piece**2) + 1e-9))

    source, drops, released = Espeak(seed=11), [], []
    for index in range(50):
        clip = source.recording(index)
        samples = np.asarray(clip.audio)
        for before, stop in zip(clip.phones, clip.phones[1:], strict=False):
            if stop.symbol in ("P", "T", "K") and before.symbol in ("AA", "EH", "IY", "AO", "AY", "AH", "IH", "OW"):
                loudness = level(samples, before.start, before.end)
                drops.append(loudness - level(samples, stop.start + 0.002, stop.start + 0.022))
                released.append(loudness - level(samples, stop.release - 0.022, stop.release - 0.002))
    assert len(drops) > 100
    assert np.median(drops) > 20, "the closure is not silent"
    assert np.median(released) > 30, "espeak's own onset is the burst: before it lies the closure"
