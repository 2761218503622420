"""Conditions change the sound as they say, and the same way every time; sounds without speech are what they claim."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.evaluation.conditions import Condition
from facelite.evaluation.resting import resting, stimuli
from facelite.evaluation.subjects import TEACHER, Subject
from scipy import signal


def test_clean_is_untouched_and_names_say_what_is_done(spoken):
    pcm = spoken[0].audio()
    np.testing.assert_array_equal(Condition().heard(pcm, "a"), pcm)
    names = [Condition(), Condition(-30), Condition(snr_db=20), Condition(-6, 5.5)]
    assert [one.name for one in names] == ["clean", "-30 dB", "20 dB SNR", "-6 dB, 5.5 dB SNR"]


def test_a_gain_is_that_gain(spoken):
    pcm = spoken[0].audio()
    np.testing.assert_allclose(Condition(-20).heard(pcm, "a"), pcm / 10, rtol=1e-6)


def test_noise_has_its_ratio_and_its_slope_and_is_each_clips_own(spoken):
    pcm = np.tile(spoken[0].audio(), 8)[: 16000 * 10]
    noise = Condition(snr_db=20).heard(pcm, "a") - pcm
    assert 20 * np.log10(pcm.std() / noise.std()) == pytest.approx(20, abs=0.1)
    frequency, power = signal.welch(noise, 16000, nperseg=4096)
    between = (frequency > 100) & (frequency < 6000)
    slope = np.polyfit(np.log10(frequency[between]), np.log10(power[between]), 1)[0]
    assert slope == pytest.approx(-1, abs=0.1)
    np.testing.assert_array_equal(Condition(snr_db=20).heard(pcm, "a") - pcm, noise)
    assert not np.array_equal(Condition(snr_db=20).heard(pcm, "b") - pcm, noise)


def test_what_is_made_to_rest_on_is_silent_or_as_loud_as_speech():
    made = dict(stimuli())
    assert np.abs(made.pop("silence")).max() == 0
    assert set(made) == {"white noise", "pink noise", "brown noise", "music"}
    for sound in made.values():
        assert 20 * np.log10(np.sqrt(np.mean(sound.astype(float) ** 2))) == pytest.approx(-20, abs=0.05)
        assert sound.dtype == np.float32


def test_music_is_tonal_and_noise_is_not():
    """Spectral flatness: geometric over arithmetic mean of the power spectrum."""

    def flatness(sound):
        _, power = signal.welch(sound, 16000, nperseg=8192)
        return np.exp(np.mean(np.log(power + 1e-20))) / power.mean()

    made = stimuli()
    assert flatness(made["music"]) < 0.01 < 0.8 < flatness(made["white noise"])


def _level_follower() -> Subject:
    """A subject whose jaw opens with the level of each frame."""

    def unsmoothed(pcm, phones):
        level = np.sqrt((pcm[: len(pcm) // 256 * 256].reshape(-1, 256) ** 2).mean(1))
        return np.stack([np.zeros_like(level), level], axis=1)

    return Subject("level", TEACHER, ("mouthClose", "jawOpen"), 256, False, None, None, None, unsmoothed)


def test_a_mouth_that_follows_noise_is_found_out():
    rest = resting(_level_follower())
    assert (rest["silence"].open_share, rest["silence"].mean_jaw) == (0, 0)
    assert rest["white noise"].open_share == 1
    assert rest["white noise"].mean_jaw == pytest.approx(0.1, abs=0.005)


def test_no_jaw_no_figure():
    assert resting(_level_follower().narrowed(("mouthClose",))) == {}
