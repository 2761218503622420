"""Random students: LiteRT's reference kernels, the NumPy oracle and every tier of the C kernel agree on every value."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import _kernel, companding, reference
from facelite.converters.backends import blob, tflite, tflite_stream
from facelite.converters.frontends import tflite as frontend
from facelite.converters.lower import lower
from facelite.graph import Graph
from facelite.runtimes import Heard, LiteRtStream
from facelite.spec import StudentSpec
from facelite.student import Student
from numpy.typing import NDArray

STUDENTS = 200
WINDOWS = 2
HOPS = 24


@pytest.fixture
def converted(request, recipe, keras_student, signals, tmp_path) -> tuple[Graph, bytes]:
    """A random student's graph, read back from its int8 TFLite file, and that file."""
    plan = recipe(request.param)
    speech = companding.decode(signals["speech"])
    windows = [speech[start : start + plan.window] for start in range(0, 40000, 9973)]
    model = tflite.convert(keras_student(plan), windows)
    file = tmp_path / "student.tflite"
    file.write_bytes(model)
    controls = [f"control{index}" for index in range(plan.controls)]
    spec = StudentSpec(name="random", lookahead=plan.lookahead, controls=controls, smoothing=plan.smoothing)
    return lower(frontend.load(file), spec), model


@pytest.mark.parametrize("converted", range(STUDENTS), indirect=True)
def test_every_runtime_gives_every_value(converted, signals, litert):
    graph, model = converted
    blob_bytes = blob.pack(graph)
    reference_kernels = litert(model)
    for kind, codes in signals.items():
        heard = codes[: HOPS * graph.hop]
        padded = np.concatenate([np.zeros(graph.window, np.int8), heard])
        stream = reference.run(graph, padded)[-1][-HOPS:]
        for hop in np.linspace(1, HOPS, WINDOWS, dtype=int):
            end = graph.window + hop * graph.hop
            window = padded[end - graph.window : end]
            assert np.array_equal(reference_kernels(window).ravel(), stream[hop - 1]), (kind, hop)
        _assert_same_tensors(graph, window, reference_kernels)
        for tier in _kernel.isa_available():
            assert np.array_equal(_streamed(blob_bytes, tier, heard), stream), (kind, tier)


@pytest.mark.parametrize("converted", range(0, STUDENTS, 10), indirect=True)
def test_any_split_of_the_audio_gives_the_same_curves(converted, signals):
    graph, _ = converted
    pcm = _pcm(signals["speech"][:8000])
    student = Student(blob.pack(graph))
    expected = reference.animate(graph, companding.codes(pcm))
    for pushes in ([1] * 1500 + [6500], [7, 11, 13, 17, 1009, 4001, 2942], [8000]):
        stream = student.stream()
        parts = np.split(pcm, np.cumsum(pushes)[:-1])
        curves = np.concatenate([*(stream.push(part) for part in parts), stream.flush()])
        assert np.array_equal(curves, expected)


@pytest.mark.parametrize("converted", range(5, STUDENTS, 9), indirect=True)
def test_the_file_of_one_hop_gives_every_value_of_the_windowed_one(converted, signals, litert):
    graph, model = converted
    windowed, one_hop = litert(model), tflite_stream.pack(graph)
    stream = LiteRtStream(one_hop, graph, tflite_stream.rest_states(graph))
    other = LiteRtStream(one_hop, graph, {k: np.full_like(v, 99) for k, v in stream._states.items()})
    warm = -(-graph.receptive_field // graph.hop)
    for kind in ("speech", "noise"):
        heard = Heard.of(graph, signals[kind][: (warm + HOPS) * graph.hop], 6)
        frames = stream.stream(heard)
        expected = np.stack([windowed(window).ravel() for window in heard.windows])
        assert np.array_equal(frames[heard.hops - 1], expected), kind
        assert np.array_equal(other.stream(heard)[warm:], frames[warm:]), kind


def test_the_random_students_cover_every_operator(recipe):
    plans = [recipe(seed) for seed in range(STUDENTS)]
    layers = [layer for plan in plans for layer in plan.layers]
    assert {layer["activation"] for layer in layers} == {"linear", "relu", "relu6", "leaky_relu", "sigmoid", "tanh"}
    assert {plan.head for plan in plans} >= {"conv", "flatten_dense", "pool", "pool_dense", "dense_per_frame"}
    assert {layer["stride"] for layer in layers} >= {1, 2, 3, 5, 6}
    assert {layer["dilation"] for layer in layers} == {1, 2, 3, 4}
    assert {layer["kernel"] for layer in layers} >= {1, 2, 5, 16, 23}
    assert sum(layer["residual"] for layer in layers) > 50
    assert sum(layer["crop_newest"] for layer in layers) > 10
    assert sum(layer["channels"] % 8 != 0 for layer in layers) > 200


def _assert_same_tensors(graph: Graph, window: NDArray[np.int8], model) -> None:
    kept = model.tensors()
    for tensor, values in zip(graph.tensors[1:], reference.run(graph, window)[1:], strict=True):
        theirs = kept[tensor.name].reshape(-1, tensor.channels)
        assert np.array_equal(values[-len(theirs) :], theirs), tensor.name


def _streamed(blob_bytes: bytes, tier: str, codes: NDArray[np.int8]) -> NDArray[np.int8]:
    _kernel.isa_force(tier)
    try:
        model = _kernel.Model(blob_bytes)
    finally:
        _kernel.isa_force(None)
    assert model.isa == tier
    return _kernel.Stream(model).step_codes(codes)


def _pcm(codes: NDArray[np.int8]) -> NDArray[np.float32]:
    """Audio that compands to these codes: each code's own threshold."""
    edges = np.concatenate([[0], companding.thresholds()])
    return (np.sign(codes) * edges[np.abs(codes.astype(int))] / companding.FULL_SCALE).astype(np.float32)
