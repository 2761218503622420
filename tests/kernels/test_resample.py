"""The streaming resampler against soxr, against pure tones, and against the student's own rate."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import soxr
from facelite import _kernel
from facelite.errors import BadInput
from facelite.student import INPUT_RATES, Student
from facelite.targets.latency import latency

KERNELS = Path(__file__).parents[2] / "kernels"
RESAMPLED = [rate for rate in INPUT_RATES if rate != 16000]


@pytest.fixture(scope="module")
def designs():
    """kernels/tools/resample_tables.py, by rate."""
    spec = importlib.util.spec_from_file_location("resample_tables", KERNELS / "tools" / "resample_tables.py")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, spec.name, module)
        spec.loader.exec_module(module)
    return {design.hz: design for design in module.DESIGNS}


def stream_at(blob, rate):
    return _kernel.Stream(_kernel.Model(blob), None, rate)


def noise(samples, seed=0):
    return np.random.default_rng(seed).uniform(-0.9, 0.9, samples).astype(np.float32)


def tone(hz, rate, seconds=0.2):
    """Ends in silence that lets every output out."""
    wave = np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate + 0.3)
    return wave.astype(np.float32)


def steady(samples, rate, designs):
    """Leaves out what the filter makes of the start."""
    return samples[int(designs[rate].taps / rate * 16000) + 1 :]


def decibels(ratio):
    return 20 * np.log10(max(float(ratio), 1e-12))


def rms(samples):
    return np.sqrt(np.mean(np.square(samples, dtype=np.float64)))


def residual(samples, hz):
    """What is left of samples at 16 kHz when the tone of `hz` has been fitted and taken out."""
    angle = 2 * np.pi * hz * np.arange(len(samples)) / 16000
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return samples - basis @ np.linalg.lstsq(basis, samples, rcond=None)[0]


@pytest.mark.parametrize("rate", RESAMPLED)
def test_pass_band_is_soxrs(blobs, designs, rate):
    """Noise inside the pass band, sample by sample: the level and the delay are right."""
    design = designs[rate]
    edge = design.stop - design.transition
    spectrum = np.fft.rfft(noise(rate))
    spectrum[np.fft.rfftfreq(rate, 1 / rate) > 0.97 * edge] = 0
    pcm = np.fft.irfft(spectrum, rate).astype(np.float32) * np.float32(0.5)
    got = stream_at(blobs["zoo"], rate).resample(pcm)
    want = soxr.resample(pcm.astype(np.float64), rate, 16000, "VHQ")[: len(got)]
    middle = slice(2000, len(got) - 2000)
    assert decibels(rms(got[middle] - want[middle]) / rms(want[middle])) < -72


@pytest.mark.parametrize("rate", RESAMPLED)
def test_stop_band_by_sweep(blobs, designs, rate):
    """Of a tone above half the model's rate nothing may fold; of a tone below half the input's no image may stay."""
    design = designs[rate]
    reference = rms(tone(1000, rate))
    folded = np.linspace(design.stop, rate / 2, 60) if rate > 16000 else []
    for hz in folded:
        got = steady(stream_at(blobs["zoo"], rate).resample(tone(hz, rate)), rate, designs)
        assert decibels(rms(got) / reference) < -80, hz
    for hz in np.linspace(50, design.stop - design.transition, 40):
        got = steady(stream_at(blobs["zoo"], rate).resample(tone(hz, rate)), rate, designs)
        assert decibels(rms(residual(got, hz)) / reference) < -80, hz
        assert abs(decibels(rms(got) / reference)) < 0.1, hz


@pytest.mark.parametrize("rate", RESAMPLED)
def test_any_split_gives_the_same_bits(blobs, rate):
    pcm = noise(rate // 3)
    whole = stream_at(blobs["zoo"], rate).resample(pcm)
    for piece in (1, 7, 300):
        stream = stream_at(blobs["zoo"], rate)
        parts = [stream.resample(pcm[start : start + piece]) for start in range(0, len(pcm), piece)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("rate", RESAMPLED)
@pytest.mark.parametrize("samples", [0, 1, 2, 23, 100, 2999, 20011])
def test_frames_are_those_of_the_resampled_audio(blobs, designs, rate, samples):
    """At every rate a clip gives the frames that it gives when resampled first, as many as its length asks for."""
    student, pcm = Student(blobs["zoo"]), noise(samples, seed=samples)
    silence = np.zeros(designs[rate].taps // 2, np.float32)
    resampled = stream_at(blobs["zoo"], rate).resample(np.concatenate([pcm, silence]))
    frames = student.animate(pcm, sample_rate=rate)
    assert len(frames) == -(-samples * 16000 // (rate * student.hop))
    np.testing.assert_array_equal(frames, student.animate(resampled))
    stream = student.stream(sample_rate=rate)
    parts = [stream.push(pcm[start : start + 61]) for start in range(0, samples, 61)]
    np.testing.assert_array_equal(np.concatenate([*parts, stream.flush()]), frames)
    np.testing.assert_array_equal(np.concatenate([stream.push(pcm), stream.flush()]), frames)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_counts_are_foretold(blobs, rate):
    stream, rng = stream_at(blobs["zoo"], rate), np.random.default_rng(1)
    for samples in rng.integers(0, 400, 60):
        foretold = stream.frames_for(int(samples))
        assert len(stream.push(noise(int(samples)))) == foretold
    pending = stream.frames_pending()
    assert len(stream.flush()) == pending


def test_int16_float_and_bad_samples(blobs):
    student = Student(blobs["zoo"])
    pcm = np.random.default_rng(2).integers(-32768, 32768, 9000).astype(np.int16)
    floats = pcm.astype(np.float32) / 32768
    want = student.animate(floats, sample_rate=44100)
    np.testing.assert_array_equal(student.animate(pcm, sample_rate=44100), want)
    floats[100:110] = [np.inf, -np.inf, np.nan, 7, -7, 1, -1, 1.0001, np.nan, 0]
    tame = floats.copy()
    tame[100:110] = [1, -1, 0, 1, -1, 1, -1, 1, 0, 0]
    stream = stream_at(blobs["zoo"], 44100)
    got = np.concatenate([stream.push(floats), stream.flush()])
    np.testing.assert_array_equal(got, student.animate(tame, sample_rate=44100))


def test_committed_tables_are_the_generators(designs):
    text = (KERNELS / "src" / "resample_tables.c").read_text()
    for rate, design in designs.items():
        body = re.search(rf"rows_{rate}\[[^]]*\] = {{(.*?)}};", text, re.DOTALL)[1]
        numbers = np.array([float(number.rstrip("f")) for number in body.replace(",", " ").split()])
        np.testing.assert_allclose(numbers, design.rows().ravel(), rtol=1e-6, atol=1e-9)
        assert f"{{{rate}u, {design.up}u, {design.down}u, {design.taps}u, {design.phases}u, rows_{rate}}}" in text


def test_delay_is_in_the_latency_and_memory_within_its_budget(blobs, designs):
    student = Student(blobs["tiny"])
    own = student.stream()
    assert own.latency.resampler == 0
    assert own.latency.total == pytest.approx(latency(student.info).ms / 1000)
    for rate, design in designs.items():
        stream = student.stream(sample_rate=rate)
        assert stream.latency.resampler == pytest.approx(design.taps / 2 / rate)
        named = latency(student.info, stream.latency.resampler)
        assert named.terms[0].name == "resampler"
        assert named.ms / 1000 == pytest.approx(stream.latency.total)
        assert stream_at(blobs["tiny"], rate).bytes - student.info.stream_bytes <= 2048


def test_a_frame_depends_on_no_audio_beyond_the_stated_latency(blobs, designs):
    """Only the sample after the reach of frame 0 may wait; the one before it brings the frame."""
    student = Student(blobs["zoo"])
    stream = student.stream(smoothing=False, sample_rate=48000)
    due = (student.lookahead - 1) * 3 + designs[48000].taps // 2 + 1
    assert len(stream.push(noise(due - 1))) == 0
    assert len(stream.push(noise(1))) == 1


def test_an_unheard_rate_is_refused_in_one_line(blobs):
    with pytest.raises(BadInput, match="sample_rate: 12345 Hz cannot be heard; resample to one of 8000, 11025"):
        Student(blobs["zoo"]).stream(sample_rate=12345)
