"""Loading and feeding a student: what Python users meet first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import facelite
import numpy as np
import pytest
from facelite.errors import BadInput

ZOO = Path(__file__).parents[1] / "c" / "data" / "zoo.facelite"


@pytest.fixture(scope="module")
def student():
    return facelite.load(ZOO)


def test_a_bundle_and_its_blob_are_the_same_student(student, tmp_path):
    (tmp_path / "student.facelite").write_bytes(ZOO.read_bytes())
    bundled = facelite.load(tmp_path)
    pcm = np.random.default_rng(0).normal(0, 0.2, 2000).astype(np.float32)
    np.testing.assert_array_equal(bundled.animate(pcm), student.animate(pcm))
    assert (bundled.hop, bundled.sample_rate, bundled.lookahead) == (24, 16000, 60)
    assert bundled.frame_rate == pytest.approx(16000 / 24)
    assert len(bundled.controls) == bundled.animate(pcm).shape[1]


@pytest.mark.parametrize(
    ("pcm", "problem"),
    [
        (np.zeros((2, 100), np.float32), "shape"),
        (np.zeros(100, np.int32), "int32"),
        (np.array([0.0, np.nan], np.float32), "NaN"),
        (np.array([0.0, np.inf], np.float32), "infinity"),
        (["a"], "type"),
    ],
)
def test_what_is_not_audio_is_refused_and_not_heard(student, pcm, problem):
    stream = student.stream()
    with pytest.raises(BadInput, match=problem):
        stream.push(pcm)
    assert len(stream.flush()) == 0


def test_float64_lists_and_strided_views_are_heard(student):
    pcm = np.random.default_rng(1).normal(0, 0.2, 1000)
    want = student.animate(pcm.astype(np.float32))
    np.testing.assert_array_equal(student.animate(pcm), want)
    np.testing.assert_array_equal(student.animate(list(pcm)), want)
    np.testing.assert_array_equal(student.animate(np.repeat(pcm, 2)[::2]), want)


def test_empty_audio_has_no_frames(student):
    assert student.animate(np.zeros(0, np.float32)).shape == (0, 5)
    assert student.animate([]).shape == (0, 5)


@pytest.mark.parametrize("make", ["missing", "folder", "truncated", "other"])
def test_what_is_not_a_student_is_one_clear_line(tmp_path, make):
    path = tmp_path / "student.facelite"
    if make == "folder":
        path = tmp_path
    elif make == "truncated":
        path.write_bytes(ZOO.read_bytes()[:1000])
    elif make == "other":
        path.write_bytes(b"RIFF" * 100)
    with pytest.raises(BadInput) as error:
        facelite.load(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_threads_share_a_student(student):
    clips = [np.random.default_rng(seed).normal(0, 0.3, 20_000).astype(np.float32) for seed in range(4)]
    alone = [student.animate(clip) for clip in clips]
    with ThreadPoolExecutor(4) as pool:
        for want, got in zip(alone, pool.map(student.animate, clips), strict=True):
            np.testing.assert_array_equal(got, want)


def test_a_stream_outlives_its_student():
    stream = facelite.load(ZOO).stream()
    assert stream.push(np.zeros(600, np.float32)).shape == (23, 5)
