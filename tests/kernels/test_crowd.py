"""Characters stepped together get, bit for bit, the frames that they get one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from facelite import _kernel
from facelite.converters.backends.blob import pack
from facelite.errors import BadInput
from facelite.student import Crowd, Student


def clips(count, samples, seed=0):
    return np.random.default_rng(seed).normal(0, 0.4, (count, samples)).astype(np.float32)


@pytest.mark.parametrize("name", ["tiny", "zoo"])
@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 21])
def test_a_crowd_is_its_members(blobs, tier, name, count):
    student = Student(blobs[name])
    pcm = clips(count, 6000)
    crowd = Crowd([student.stream() for _ in range(count)])
    pieces = np.split(pcm, [1, 255, 1279, 1280, 4444], axis=1)
    parts = [crowd.push(piece) for piece in pieces]
    for index, stream in enumerate(crowd.streams):
        got = np.concatenate([*(part[index] for part in parts), stream.flush()])
        np.testing.assert_array_equal(got, student.animate(pcm[index]))


def test_members_may_differ_in_all_but_the_student(blobs, tier):
    """Smoothing, rate, place in the hop, a fade under way."""
    student = Student(blobs["zoo"])
    pcm, count = clips(12, 3000, seed=1), 12

    def make():
        streams = [student.stream(index % 2 == 0, (16000, 48000, 44100, 8000)[index % 4]) for index in range(count)]
        for index, stream in enumerate(streams):
            stream.push(pcm[index, : 37 * index])
            if index % 3 == 0:
                stream.stop(fade=0.1)
        return streams

    together, alone = Crowd(make()), make()
    for part in np.array_split(pcm, 5, axis=1):
        part = np.ascontiguousarray(part)
        for got, stream, row in zip(together.push(part), alone, part, strict=True):
            np.testing.assert_array_equal(got, stream.push(row))
    for one, other in zip(together.streams, alone, strict=True):
        np.testing.assert_array_equal(one.flush(), other.flush())


@pytest.mark.parametrize("lookahead", [0, 1, 24])
def test_any_lookahead(graphs, lookahead):
    student = Student(pack(replace(graphs["zoo"], lookahead=lookahead)))
    pcm = clips(3, 500, seed=2)
    for rate in (16000, 32000):
        crowd = Crowd([student.stream(sample_rate=rate) for _ in pcm])
        parts = [crowd.push(pcm[:, start : start + 7]) for start in range(0, 500, 7)]
        for index, stream in enumerate(crowd.streams):
            got = np.concatenate([*(part[index] for part in parts), stream.flush()])
            np.testing.assert_array_equal(got, student.animate(pcm[index], sample_rate=rate))


def test_int16_and_no_samples_at_all(blobs):
    student = Student(blobs["zoo"])
    pcm = np.random.default_rng(3).integers(-20000, 20000, (4, 900)).astype(np.int16)
    crowd = Crowd([student.stream() for _ in pcm])
    assert [len(frames) for frames in crowd.push(pcm[:, :0])] == [0] * 4
    for got, row in zip(crowd.push(pcm), pcm, strict=True):
        np.testing.assert_array_equal(got, student.stream().push(row))


def test_what_a_crowd_refuses(blobs):
    student, other = Student(blobs["zoo"]), Student(blobs["tiny"])
    stream = student.stream()
    for streams, problem in (([], "empty"), ([stream, stream], "twice"), ([stream, other.stream()], "share")):
        with pytest.raises(BadInput, match=problem):
            Crowd(streams)
    crowd = Crowd([stream, student.stream()])
    for pcm in (np.zeros(10, np.float32), np.zeros((3, 10), np.float32), np.full((2, 10), np.nan, np.float32)):
        with pytest.raises(BadInput, match="pcm: "):
            crowd.push(pcm)


def test_the_kernel_itself_refuses_streams_of_two_models(blobs):
    streams = [_kernel.Stream(_kernel.Model(blobs["zoo"])) for _ in range(2)]
    with pytest.raises(_kernel.KernelError):
        _kernel.Crowd(streams).step(np.zeros((2, 5000), np.float32))
    assert streams[0].frames_for(59) == 0, "nothing was heard"
