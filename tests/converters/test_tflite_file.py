"""Graphs with no single TFLite operator for a layer: both files still give the oracle's codes on LiteRT's reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from facelite import companding, reference
from facelite.converters.backends import tflite_file, tflite_stream
from facelite.converters.frontends import tflite as frontend
from facelite.converters.lower import lower
from facelite.converters.recipes import FloatStudent
from facelite.graph import Add, Clamp, Conv, Graph, Mean, Op, Rounding, Tensor
from facelite.runtimes import Heard, LiteRtStream
from facelite.spec import StudentSpec

HOPS = 12


def _conv(rng: np.random.Generator, name: str, source: int, shape: tuple[int, int, int], **fields) -> Conv:
    weight = rng.normal(0, 0.8 / np.sqrt(shape[1] * shape[2]), shape).astype(np.float32)
    return Conv(name, source, weight, rng.normal(0.3, 0.3, shape[0]).astype(np.float32), **fields)


def _limited(rng: np.random.Generator) -> tuple[Op, ...]:
    """Every convolution and sum limited to 0..1 or -1..1."""
    return (
        _conv(rng, "front", 0, (6, 24, 1), stride=8, clamp=Clamp.RELU_0_TO_1),
        _conv(rng, "middle", 1, (6, 3, 6), clamp=Clamp.RELU_N1_TO_1),
        Add("sum", 1, 2, clamp=Clamp.RELU_0_TO_1),
        _conv(rng, "head", 3, (3, 5, 6), clamp=Clamp.RELU_0_TO_1),
    )


def _averaged(rng: np.random.Generator) -> tuple[Op, ...]:
    """A mean of which a hop needs two frames."""
    front = _conv(rng, "front", 0, (5, 16, 1), stride=8, clamp=Clamp.RELU)
    return (front, Mean("mean", 1, 7), _conv(rng, "head", 2, (3, 1, 5), stride=2))


def _connected(rng: np.random.Generator) -> tuple[Op, ...]:
    """Fully connected over several frames, and a hop needs two of its frames; then frame by frame."""
    front = _conv(rng, "front", 0, (5, 16, 1), stride=8, clamp=Clamp.RELU)
    wide = _conv(rng, "wide", 1, (4, 6, 5), clamp=Clamp.RELU_0_TO_1)
    return (front, wide, _conv(rng, "each", 2, (4, 1, 4)), _conv(rng, "head", 3, (3, 1, 4), stride=2))


def _graph(ops: tuple[Op, ...], window: int) -> Graph:
    tensors = [Tensor("waveform", 1, 1)]
    for op in ops:
        stride = tensors[op.inputs[0]].stride * (op.stride if isinstance(op, Conv) else 1)
        channels = op.out_channels if isinstance(op, Conv) else tensors[op.inputs[0]].channels
        tensors.append(Tensor(op.name, channels, stride))
    return Graph("probe", 16000, window, 0, ("a", "b", "c"), tuple(tensors), ops)


def _int8(graph: Graph, signals) -> Graph:
    return FloatStudent(graph, [companding.decode(signals["speech"])]).int8(pair_safe=False)


def _connecting(graph: Graph) -> Graph:
    """The same with fully connected layers where a name says so: they round otherwise than convolutions."""
    ops = [
        replace(op, rounding=Rounding.FLOATING) if isinstance(op, Conv) and op.name in ("wide", "each") else op
        for op in graph.ops
    ]
    return replace(graph, ops=tuple(ops))


@pytest.mark.parametrize("layers", [_limited, _averaged, _connected])
def test_both_files_give_the_oracle_s_codes(layers, signals, litert, tmp_path):
    rng = np.random.default_rng(1)
    graph = _connecting(_int8(_graph(layers(rng), 512), signals))
    (tmp_path / "student.tflite").write_bytes(tflite_file.pack(graph))
    windowed = litert(tflite_file.pack(graph))
    stream = LiteRtStream(tflite_stream.pack(graph), graph, tflite_stream.rest_states(graph))
    for kind in ("speech", "noise"):
        heard = Heard.of(graph, signals[kind][9000 : 9000 + HOPS * graph.hop], HOPS)
        expected = reference.run(graph, heard.codes)[-1][-HOPS:]
        assert len(np.unique(expected)) > 8
        assert np.array_equal(np.stack([windowed(window).ravel() for window in heard.windows]), expected), kind
        assert np.array_equal(stream.stream(heard), expected), kind


def test_a_limit_written_by_itself_is_fused_again(signals, tmp_path):
    """Else a student would gain an operator, and the kernel a pass over its values, each time it is converted."""
    rng = np.random.default_rng(1)
    graph = _int8(_graph(_limited(rng), 512), signals)
    (tmp_path / "student.tflite").write_bytes(tflite_file.pack(graph))
    spec = StudentSpec(name="probe", lookahead=0, controls=graph.controls)
    again = lower(frontend.load(tmp_path / "student.tflite"), spec)
    assert [op.clamp for op in again.ops] == [op.clamp for op in graph.ops]
    codes = signals["noise"][:4096]
    assert np.array_equal(reference.run(again, codes)[-1], reference.run(graph, codes)[-1])
