"""Streaming equals the NumPy oracle to the bit on every tier, whatever the split, the lookahead and the audio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from facelite import companding, reference
from facelite.converters.backends.blob import pack
from facelite.student import Student

LENGTHS = (0, 1, 2, 255, 256, 257, 1023, 1024, 1025, 5000)


def speechlike(samples: int, seed: int = 0) -> np.ndarray:
    """float32: noise under a slow envelope from silence to beyond full scale."""
    rng = np.random.default_rng(seed)
    envelope = np.abs(np.sin(np.arange(samples) / 1700)) ** 3
    return (rng.normal(0, 0.7, samples) * envelope).astype(np.float32)


def frames(graph, pcm, smoothing=None):
    return reference.animate(graph, companding.codes(pcm), smoothing)


@pytest.mark.parametrize("name", ["tiny", "safe", "zoo"])
@pytest.mark.parametrize("samples", LENGTHS)
def test_a_clip_equals_the_oracle(graphs, blobs, tier, name, samples):
    student = Student(blobs[name])
    assert student.isa == tier
    for smoothing in (False, True):
        pcm = speechlike(samples)
        np.testing.assert_array_equal(student.animate(pcm, smoothing), frames(graphs[name], pcm, smoothing))


@pytest.mark.parametrize("piece", [1, 7, 127, 256, 1009, 8191, 160000])
def test_ten_seconds_in_any_pieces(graphs, blobs, tier, piece):
    pcm = speechlike(160000 if piece > 100 else 9000, seed=1)
    stream = Student(blobs["zoo"]).stream()
    pieces = [stream.push(pcm[start : start + piece]) for start in range(0, len(pcm), piece)]
    np.testing.assert_array_equal(np.concatenate([*pieces, stream.flush()]), frames(graphs["zoo"], pcm))


@pytest.mark.parametrize("lookahead", [0, 1, 23, 24, 25, 100, 129])
def test_any_lookahead(graphs, tier, lookahead):
    graph = replace(graphs["zoo"], lookahead=lookahead)
    student = Student(pack(graph))
    for samples in (0, 1, 23, 24, 25, 48, 300):
        pcm = speechlike(samples, seed=2)
        np.testing.assert_array_equal(student.animate(pcm), frames(graph, pcm))


def test_a_frame_is_out_exactly_when_its_last_sample_has_come(graphs):
    graph = replace(graphs["zoo"], lookahead=100)
    stream = Student(pack(graph)).stream(smoothing=False)
    out = [len(stream.push(speechlike(1))) for _ in range(400)]
    due = [index * graph.hop + graph.lookahead - 1 for index in range(400) if index * graph.hop + 100 <= 400]
    assert np.flatnonzero(out).tolist() == due


@pytest.mark.parametrize("level", [0.0, 2.0])
def test_silence_and_full_scale_square_waves(graphs, blobs, tier, level):
    pcm = (np.sign(np.sin(np.arange(6000) / 5)) * level).astype(np.float32)
    np.testing.assert_array_equal(Student(blobs["tiny"]).animate(pcm), frames(graphs["tiny"], pcm))


def test_int16_and_float_hear_the_same(blobs, tier):
    pcm = companding.to_int16(speechlike(4000))
    student = Student(blobs["tiny"])
    np.testing.assert_array_equal(student.animate(pcm), student.animate(pcm.astype(np.float32) / 32768))


def test_a_flushed_or_reset_stream_starts_afresh(blobs, tier):
    pcm = speechlike(3000)
    stream = Student(blobs["zoo"]).stream()
    first = np.concatenate([stream.push(pcm), stream.flush()])
    again = np.concatenate([stream.push(pcm), stream.flush()])
    stream.push(pcm[:777])
    stream.reset()
    after_reset = np.concatenate([stream.push(pcm), stream.flush()])
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, after_reset)


def test_streams_of_one_student_are_independent(blobs):
    student = Student(blobs["zoo"])
    clips = [speechlike(2000, seed) for seed in range(3)]
    streams = [student.stream() for _ in clips]
    parts = [[] for _ in clips]
    for start in range(0, 2000, 50):
        for stream, clip, part in zip(streams, clips, parts, strict=True):
            part.append(stream.push(clip[start : start + 50]))
    for stream, clip, part in zip(streams, clips, parts, strict=True):
        np.testing.assert_array_equal(np.concatenate([*part, stream.flush()]), student.animate(clip))
