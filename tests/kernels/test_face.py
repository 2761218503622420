"""The face by game time: interpolation, decay to neutral, interruption without a jump; against NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from facelite.errors import BadInput
from facelite.student import Student

KEPT = {True: 8, False: 10}


def noise(samples, seed=0):
    return np.random.default_rng(seed).normal(0, 0.4, samples).astype(np.float32)


@pytest.fixture(params=[True, False], ids=["smoothed", "plain"])
def smoothing(request):
    return request.param


@pytest.fixture
def student(blobs):
    return Student(blobs["tiny"])


def rest(student):
    """Straight from the student: what endless silence makes."""
    return student.animate(np.zeros(3 * student.window, np.float32), False)[-1]


def frame_times(student, count):
    return np.arange(count) * student.hop / student.sample_rate


def distance(one, other):
    return float(np.abs(one - other).max())


def sampled(stream, times):
    return np.stack([stream.sample(time) for time in times])


def test_samples_are_interpolated_frames(student, smoothing):
    stream = student.stream(smoothing)
    frames = stream.push(noise(20000))
    times, kept = frame_times(student, len(frames)), KEPT[smoothing]
    assert len(frames) > 2 * kept
    asked = np.linspace(times[-kept], times[-1], 200)
    want = np.stack([np.interp(asked, times, control) for control in frames.T], axis=1)
    np.testing.assert_allclose(sampled(stream, asked), want, atol=2e-6)
    for before in (-math.inf, -1.0, 0.0, times[-kept] - 1e-6):
        assert distance(stream.sample(before), frames[-kept]) < 1e-6
    for after in (times[-1], times[-1] + 1, math.inf):
        np.testing.assert_array_equal(stream.sample(after), frames[-1])


def test_before_the_first_frame_the_face_rests(student, smoothing):
    stream = student.stream(smoothing)
    stream.push(noise(student.lookahead - 1))
    for seconds in (-1, 0, 0.01, 5):
        np.testing.assert_array_equal(stream.sample(seconds), rest(student))
    first = stream.push(noise(2 * student.hop))
    assert distance(stream.sample(0), first[0]) < 1e-6


def test_the_tail_of_a_flushed_clip_stays_until_the_next(student, smoothing):
    stream, pcm = student.stream(smoothing), noise(9999)
    frames = np.concatenate([stream.push(pcm), stream.flush()])
    times = frame_times(student, len(frames))
    np.testing.assert_array_equal(stream.sample(math.inf), frames[-1])
    np.testing.assert_allclose(sampled(stream, times[-5:]), frames[-5:], atol=1e-6)
    stream.push(pcm[:1])
    np.testing.assert_array_equal(stream.sample(math.inf), rest(student))
    np.testing.assert_array_equal(np.concatenate([stream.push(pcm[1:]), stream.flush()]), frames)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_clip_that_is_flushed_twice_keeps_its_face(student, smoothing, rate):
    stream = student.stream(smoothing, sample_rate=rate)
    stream.push(noise(20000))
    frames = stream.flush()
    assert len(stream.flush()) == 0
    np.testing.assert_array_equal(stream.sample(math.inf), frames[-1])


def test_a_stop_decays_to_the_rest_pose(student, smoothing):
    stream, fade = student.stream(smoothing), 0.2
    frames = stream.push(noise(20000))
    at = frame_times(student, len(frames))[-3] + 0.004
    pose = stream.sample(at)
    neutral = rest(student)
    assert distance(pose, neutral) > 0.05
    stream.stop(at, fade)
    times = np.linspace(0, 0.3, 61)
    face = sampled(stream, times)
    share = np.minimum(times / fade, 1)[:, None]
    np.testing.assert_allclose(face, pose + share * (neutral - pose), atol=1e-5)
    np.testing.assert_array_equal(face[0], pose)
    np.testing.assert_array_equal(face[times >= fade], np.broadcast_to(neutral, face[times >= fade].shape))
    # Silence brings the same frames, for a game that takes them as they come.
    silent = stream.push(np.zeros(20000, np.float32))
    silent_share = np.minimum(frame_times(student, len(silent)) / fade, 1)[:, None]
    np.testing.assert_allclose(silent, pose + silent_share * (neutral - pose), atol=1e-5)


@pytest.mark.parametrize("fade", [0.05, 0.15, 1.0])
def test_an_interruption_does_not_jump(student, smoothing, fade):
    stream, second = student.stream(smoothing), noise(30000, seed=1)
    pose = stream.push(noise(20000))[-1]
    stream.stop(fade=fade)
    got = np.concatenate([stream.push(second), stream.flush()])
    plain = student.animate(second, smoothing)
    np.testing.assert_array_equal(got[0], pose)
    share = np.minimum(frame_times(student, len(plain)) / fade, 1)[:, None]
    np.testing.assert_allclose(got, pose + share * (plain - pose), atol=1e-5)
    after = frame_times(student, len(plain)) >= fade
    np.testing.assert_array_equal(got[after], plain[after])
    # No step exceeds the clip's own by more than the fade's share of the way.
    steps = np.abs(np.diff(got, axis=0))
    bound = np.abs(np.diff(plain, axis=0)) + student.hop / student.sample_rate / fade * np.abs(plain[1:] - pose)
    assert (steps <= bound + 1e-5).all()


def test_an_interruption_in_the_middle_of_a_decay_goes_on_from_there(student):
    stream = student.stream()
    stream.push(noise(20000))
    stream.stop(fade=0.2)
    halfway = stream.sample(0.1)
    stream.stop(0.1, 0.3)
    np.testing.assert_array_equal(stream.sample(0), halfway)
    frames = stream.push(noise(8000, seed=2))
    np.testing.assert_array_equal(frames[0], halfway)
    assert distance(stream.sample(-1), stream.sample(0)) == 0


def test_a_fade_of_zero_and_a_reset_forget_the_pose(student, smoothing):
    stream, pcm = student.stream(smoothing), noise(9000, seed=3)
    want = student.animate(pcm, smoothing)
    stream.push(noise(9000))
    stream.stop(fade=0)
    np.testing.assert_array_equal(np.concatenate([stream.push(pcm), stream.flush()]), want)
    stream.stop(fade=3)
    stream.reset()
    np.testing.assert_array_equal(np.concatenate([stream.push(pcm), stream.flush()]), want)
    stream.stop(fade=3)
    stream.push(pcm)
    stream.flush()
    np.testing.assert_array_equal(np.concatenate([stream.push(pcm), stream.flush()]), want)


def test_the_clock_is_the_inputs_at_any_rate(student):
    """A clip at 48 kHz and the same one at 16 kHz show nearly the same face at the same moment."""
    wave = np.sin(2 * np.pi * 220 * np.arange(48000) / 48000) * np.sin(np.arange(48000) / 3000)
    fast, slow = student.stream(sample_rate=48000), student.stream()
    fast.push(wave.astype(np.float32))
    slow.push(np.ascontiguousarray(wave[::3], np.float32))
    for seconds in (0.8, 0.85, 0.9):
        assert distance(fast.sample(seconds), slow.sample(seconds)) < 0.25 * distance(slow.sample(0.8), rest(student))


def test_bad_times_are_refused(student):
    stream = student.stream()
    with pytest.raises(BadInput, match="seconds: it is not a number"):
        stream.sample(math.nan)
    with pytest.raises(BadInput, match="at: it is not a number"):
        stream.stop(math.nan)
    for fade in (-0.1, 3601, math.nan, math.inf):
        with pytest.raises(BadInput, match="fade: "):
            stream.stop(fade=fade)
