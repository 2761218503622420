"""Codecs, calls, lost packets and overdrive: what they take from a voice, and that they do not delay it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from facelite import data
from facelite.speech import audio, augment
from scipy import signal

RATE = 16000
SEEDS = range(6)


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return audio.read(data.demo_clip().path)[: 4 * RATE]


def snr_db(clean: np.ndarray, changed: np.ndarray) -> float:
    noise = np.sum(np.square(changed - clean, dtype=np.float64))
    return float(10 * np.log10(np.sum(np.square(clean, dtype=np.float64)) / noise))


def lag(clean: np.ndarray, changed: np.ndarray) -> int:
    """Samples that `changed` comes later."""
    return int(np.argmax(signal.correlate(changed, clean, method="fft"))) - (len(clean) - 1)


@pytest.mark.parametrize(
    "change", [augment.opus, augment.vorbis, augment.adpcm, augment.telephone, augment.packet_loss, augment.overdrive]
)
def test_nothing_is_delayed(voice: np.ndarray, change: Callable) -> None:
    for seed in SEEDS:
        assert abs(lag(voice, change(voice, np.random.default_rng(seed)))) <= 1


@pytest.mark.parametrize(("change", "low", "high"), [(augment.vorbis, 8, 35), (augment.adpcm, 12, 40)])
def test_codecs_distort_as_much_as_they_should(voice: np.ndarray, change: Callable, low: float, high: float) -> None:
    for seed in SEEDS:
        assert low < snr_db(voice, change(voice, np.random.default_rng(seed))) < high


def test_opus_gets_worse_with_fewer_bits_and_leaves_the_rest_alone(voice: np.ndarray) -> None:
    ratios = []
    for kbps in (6, 12, 32):
        changed = augment.opus(voice, np.random.default_rng(0), kbps, kbps)
        touched = np.flatnonzero(changed != voice)
        assert np.ptp(touched) < 1.5 * RATE
        piece = slice(touched[0], touched[-1] + 1)
        ratios.append(snr_db(voice[piece], changed[piece]))
    assert 0 < ratios[0] < ratios[1] < ratios[2] < 35


def test_a_call_keeps_its_band_and_nothing_else() -> None:
    noise = np.random.default_rng(0).standard_normal(4 * RATE).astype(np.float32) * np.float32(0.1)
    for seed in SEEDS:
        heard = augment.telephone(noise, np.random.default_rng(seed))
        frequency, power = signal.welch(heard, RATE, nperseg=1024)
        level = 10 * np.log10(power / np.mean(power[(frequency > 500) & (frequency < 3000)]) + 1e-12)
        assert level[(frequency > 4200)].max() < -40
        assert level[(frequency < 100)].max() < -15
        assert np.abs(level[(frequency > 400) & (frequency < 3300)]).max() < 9


def test_coders_keep_levels_above_full_scale(voice: np.ndarray) -> None:
    loud = voice * np.float32(4 / np.abs(voice).max())
    for change in (augment.vorbis, augment.telephone):
        assert np.abs(change(loud, np.random.default_rng(1))).max() > 2


def test_lost_packets_are_as_many_as_asked_and_quieter() -> None:
    tone = np.full(60 * RATE, 0.5, np.float32)
    for seed in SEEDS:
        heard = augment.packet_loss(tone, np.random.default_rng(seed), 0.1, 0.1)
        packets = heard.reshape(-1, RATE // 50)[:, RATE // 100]
        assert np.mean(packets < 0.45) == pytest.approx(0.1, abs=0.04)
        assert np.abs(np.diff(heard)).max() < 0.05  # levels fade


def test_overdrive_flattens_the_peaks_only(voice: np.ndarray) -> None:
    for seed in SEEDS:
        changed = augment.overdrive(voice, np.random.default_rng(seed), 6, 6)
        assert np.abs(changed).max() <= np.abs(voice).max() * 10 ** (-6 / 20) + 1e-6
        quiet = np.abs(voice) < 0.05 * np.abs(voice).max()
        assert np.abs(changed - voice)[quiet].max() < 0.05 * np.abs(voice).max() * 0.05


def test_room_tone_fills_silence_at_its_level(voice: np.ndarray) -> None:
    for seed in SEEDS:
        added = augment.room_tone(voice, np.random.default_rng(seed), -50, -50) - voice
        level = 20 * np.log10(np.sqrt(np.mean(np.square(added))) / np.abs(voice).max())
        assert level == pytest.approx(-50, abs=0.1)


def test_music_is_tonal_and_reproducible() -> None:
    for seed in SEEDS:
        sound = augment.music(4 * RATE, np.random.default_rng(seed))
        assert sound.dtype == np.float32
        assert len(sound) == 4 * RATE
        assert np.sqrt(np.mean(np.square(sound))) == pytest.approx(1, abs=1e-3)
        assert np.array_equal(sound, augment.music(4 * RATE, np.random.default_rng(seed)))
        _, power = signal.welch(sound, RATE, nperseg=4096)
        flatness = np.exp(np.mean(np.log(power + 1e-12))) / np.mean(power)  # 1 for white noise
        assert flatness < 0.5
