"""Augmentation does what its numbers say, and moves nothing in time that it does not report."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from facelite.speech import augment
from facelite.speech.phones import TimedPhone
from scipy import signal

RATE = 16000
CHANGES: dict[str, Callable] = {
    "gain": augment.gain,
    "room": augment.room,
    "equalise": augment.equalise,
    "speed": lambda audio, rng: augment.speed(audio, rng)[0],
    "noise": lambda audio, rng: augment.add_noise(audio, augment.coloured_noise(5000, rng), rng),
    "room_tone": augment.room_tone,
    "overdrive": augment.overdrive,
    "opus": augment.opus,
    "vorbis": augment.vorbis,
    "adpcm": augment.adpcm,
    "telephone": augment.telephone,
    "codec": augment.codec,
    "packet_loss": augment.packet_loss,
    "pitch": augment.pitch,
    "vocal_tract": augment.vocal_tract,
}


def rms(audio: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


@pytest.fixture
def speech() -> np.ndarray:
    """Two seconds of noise in bursts, as uneven as speech."""
    rng = np.random.default_rng(5)
    return (0.2 * rng.standard_normal(2 * RATE) * (np.sin(np.arange(2 * RATE) / 900) > 0)).astype(np.float32)


@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_pure_and_seeded(name: str, speech: np.ndarray) -> None:
    before = speech.copy()
    first, again, *others = (CHANGES[name](speech, np.random.default_rng(seed)) for seed in (1, 1, 2, 3, 4, 5, 6))
    assert first.dtype == np.float32
    assert len(first) == len(speech) or name == "speed"
    assert np.array_equal(first, again)
    assert not all(np.array_equal(first, other) for other in others)
    assert np.array_equal(speech, before)


@pytest.mark.parametrize("name", CHANGES)
def test_silence_and_short_clips_stay_finite(name: str) -> None:
    for samples in (1, 7, 4000):
        changed = CHANGES[name](np.zeros(samples, np.float32), np.random.default_rng(0))
        assert np.isfinite(changed).all()


def test_gain_sets_the_peak_within_its_range(speech: np.ndarray) -> None:
    peaks = [np.abs(augment.gain(speech, np.random.default_rng(seed))).max() for seed in range(200)]
    decibels = 20 * np.log10(peaks)
    assert decibels.min() >= -40.001
    assert decibels.max() <= 0.001
    assert np.ptp(decibels) > 35


@pytest.mark.parametrize("ratio", [0.0, 12.0, 30.0])
@pytest.mark.parametrize("length", [100, 5000, 100000])
def test_noise_has_the_asked_ratio(speech: np.ndarray, ratio: float, length: int) -> None:
    noise = np.random.default_rng(1).standard_normal(length).astype(np.float32)
    noisy = augment.add_noise(speech, noise, np.random.default_rng(2), ratio, ratio)
    assert 20 * np.log10(rms(speech) / rms(noisy - speech)) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(("colour", "slope"), [("white", 0), ("pink", -3.01), ("brown", -6.02), ("blue", 3.01)])
def test_noise_falls_by_its_slope_per_octave(colour: str, slope: float) -> None:
    noise = augment.coloured_noise(20 * RATE, np.random.default_rng(0), colour)
    frequency, power = signal.welch(noise, RATE, nperseg=4096)
    band = (frequency > 100) & (frequency < 6400)
    fitted = np.polyfit(np.log2(frequency[band]), 10 * np.log10(power[band]), 1)[0]
    assert fitted == pytest.approx(slope, abs=0.3)
    assert rms(noise) == pytest.approx(1, abs=1e-3)


def test_room_starts_with_the_direct_sound_and_decays_as_asked() -> None:
    for seed in range(20):
        response = augment.room_response(np.random.default_rng(seed), decay=(0.3, 0.3), ratio_db=(6.0, 6.0))
        assert response[0] == 1.0
        assert 10 * np.log10(1 / np.sum(np.square(response[1:], dtype=np.float64))) == pytest.approx(6.0, abs=0.05)
        energy = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]  # Schroeder's backward integration
        level = 10 * np.log10(energy / energy[1])
        fall = np.flatnonzero(level < -25)[0] - np.flatnonzero(level < -5)[0]
        assert 3 * fall / RATE == pytest.approx(0.3, rel=0.2)


def test_room_and_equaliser_do_not_delay(speech: np.ndarray) -> None:
    for change in (augment.room, augment.equalise):
        for seed in range(10):
            changed = change(speech, np.random.default_rng(seed))
            assert len(changed) == len(speech)
            correlation = signal.correlate(changed, speech, method="fft")
            assert abs(int(np.argmax(correlation)) - (len(speech) - 1)) <= 1


def test_convolution_equals_scipys(speech: np.ndarray) -> None:
    response = augment.room_response(np.random.default_rng(3))
    expected = signal.oaconvolve(speech.astype(np.float64), response.astype(np.float64))[: len(speech)]
    assert np.abs(augment.convolve(speech, response) - expected).max() < 1e-5


def test_speed_moves_events_to_where_the_scaled_phones_say() -> None:
    samples = np.zeros(2 * RATE, np.float32)
    samples[12000:12160] = np.hanning(160)
    click = TimedPhone(0.75, 0.76, "T", 0.755)
    factors = []
    for seed in range(20):
        changed, factor = augment.speed(samples, np.random.default_rng(seed))
        moved = augment.scale_phones([click], factor)[0]
        assert int(np.argmax(changed)) / RATE == pytest.approx(moved.release, abs=0.001)
        assert moved.end - moved.start == pytest.approx(0.01 * factor)
        factors.append(factor)
    assert min(factors) < 0.95
    assert max(factors) > 1.05


def test_clip_limits() -> None:
    assert np.array_equal(augment.clip(np.array([-3, 0.5, 2], np.float32)), np.array([-1, 0.5, 1], np.float32))
