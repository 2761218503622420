"""Training in the student's own int8: forward it is the quantiser's arithmetic, and it brings int8 nearer to float."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import BadInput, companding, reference
from facelite.converters.quantise import at_scales, scales, with_scales
from facelite.converters.recipes import FloatStudent
from facelite.distill.fake_quant import Executor
from facelite.distill.quantaware import Tuning, fine_tune
from facelite.graph import Add, Clamp, Conv, Function, Graph, Map, Mean, Tensor


def _conv(rng, name, source, shape, **fields) -> Conv:
    weight = rng.normal(0, 1.2 / np.sqrt(shape[1] * shape[2]), shape).astype(np.float32)
    return Conv(name, source, weight, rng.normal(0.2, 0.2, shape[0]).astype(np.float32), **fields)


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Every operator that a float student can hold, strides that leave frames over, delays and a dilation."""
    rng = np.random.default_rng(4)
    ops = (
        _conv(rng, "front", 0, (8, 20, 1), stride=8, delay=3, clamp=Clamp.RELU),
        _conv(rng, "dilated", 1, (8, 3, 8), dilation=2),
        Map("leaky", 2, Function.LEAKY_RELU, alpha=0.1),
        Add("sum", 1, 3, delay=1, clamp=Clamp.RELU6),
        _conv(rng, "strided", 4, (6, 5, 8), stride=3),
        Map("tanh", 5, Function.TANH),
        Mean("mean", 6, 2),
        _conv(rng, "head", 7, (4, 3, 6), clamp=Clamp.RELU),
    )
    channels = [1, 8, 8, 8, 8, 6, 6, 6, 4]
    strides = [1, 8, 8, 8, 8, 24, 24, 24, 24]
    tensors = tuple(Tensor(f"t{i}", *sizes) for i, sizes in enumerate(zip(channels, strides, strict=True)))
    return Graph("probe", 16000, 480, 48, ("a", "b", "c", "d"), tensors, ops)


@pytest.fixture(scope="module")
def heard(speech) -> list[np.ndarray]:
    """Two seconds of speech, as it is and 20 dB down, companded."""
    from facelite.speech import audio

    pcm = audio.read(speech)[:32000]
    return [companding.decode(companding.codes(pcm * np.float32(gain))) for gain in (1, 0.1)]


def _scaled(graph: Graph, heard: list[np.ndarray]) -> Graph:
    student = FloatStudent(graph, heard)
    return with_scales(graph, scales(graph, student.ranges))


def _quants(scaled: Graph):
    return [tensor.quant for tensor in scaled.tensors[1:]]


def test_without_rounding_it_is_the_oracle(graph, heard):
    expected = reference.run(graph, heard[0])[-1]
    found = np.asarray(Executor(_scaled(graph, heard), fake=False)(heard[0][None]))[0]
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def test_with_rounding_it_is_int8_but_for_a_code_here_and_there(graph, heard):
    """TFLite rounds accumulators twice, sums on a grid of their own, and tanh in 1/128."""
    scaled = _scaled(graph, heard)
    executor = Executor(scaled, fake=True)
    executor.round(pair_safe=True)
    int8 = at_scales(graph, _quants(scaled), pair_safe=True)
    codes = reference.run(int8, np.rint(heard[0] * 127).astype(np.int8))[-1]
    steps = (np.asarray(executor(heard[0][None]))[0] - reference.dequantise(int8, codes)) / _quants(scaled)[-1].scale
    assert np.abs(steps).mean() < 0.35
    assert np.abs(steps).max() < 6


def test_training_brings_int8_nearer_to_float(graph, heard):
    scaled = _scaled(graph, heard)
    tuned = fine_tune(scaled, heard, Tuning(steps=120, batch=8, frames=24, learning_rate=3e-4))
    assert not tuned.quantised
    errors = []
    for weights in (graph, tuned):
        int8 = at_scales(weights, _quants(scaled), pair_safe=True)
        lost = [
            reference.dequantise(int8, reference.run(int8, np.rint(audio * 127).astype(np.int8))[-1])
            - reference.run(graph, audio)[-1]
            for audio in heard
        ]
        errors.append(np.mean(np.concatenate(lost) ** 2))
    assert errors[1] < 0.9 * errors[0]


def test_a_teacher_s_curves_pull_the_student_towards_them(graph, heard):
    frames = len(heard[0]) // graph.hop
    own = reference.run_stream(graph, heard[0])[:frames]
    wanted = own * np.float32(1.2)
    tuned = fine_tune(
        _scaled(graph, heard[:1]),
        heard[:1],
        Tuning(steps=120, learning_rate=3e-4, teacher_weight=4.0),
        wanted,
    )
    before, after = (np.mean((reference.run_stream(g, heard[0])[:frames] - wanted) ** 2) for g in (graph, tuned))
    assert after < 0.7 * before


def test_curves_of_other_audio_are_refused(graph, heard):
    with pytest.raises(BadInput, match="of shape"):
        fine_tune(_scaled(graph, heard), heard, Tuning(steps=1), np.zeros((3, 4), np.float32))
    with pytest.raises(BadInput, match="samples long"):
        fine_tune(_scaled(graph, heard), [heard[0][:600]], Tuning(steps=1))
