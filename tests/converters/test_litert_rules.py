"""Probes of the installed LiteRT's reference kernels: each integer rule of docs/ir.md, over scales with exact ties."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import reference
from facelite.graph import Add, Clamp, Conv, Function, Graph, Map, Mean, Op, Quant, Rounding, Tensor

CODES = np.arange(-128, 128, dtype=np.int8)
SEEDS = range(40)


def scales(rng: np.random.Generator, count: int) -> list[float]:
    """Random float32 scales, or powers of two, whose products tie exactly."""
    if rng.random() < 0.4:
        return [float(2.0 ** -rng.integers(3, 9)) for _ in range(count)]
    return [float(value) for value in rng.uniform(0.002, 0.1, count).astype(np.float32)]


def quants(rng: np.random.Generator, count: int) -> list[Quant]:
    return [Quant(scale, int(rng.integers(-128, 128))) for scale in scales(rng, count)]


def graph_of(op: Op, inputs: list[tuple[int, Quant]], output: tuple[int, Quant]) -> Graph:
    """A graph of one operator whose inputs are tensors of their own."""
    tensors = [Tensor(f"t{i}", channels, 1, quant) for i, (channels, quant) in enumerate([*inputs, output])]
    pads = tuple(Map("pad", 0, Function.REQUANTISE) for _ in inputs[1:])
    return Graph("probe", 16000, 512, 0, ("x",), tuple(tensors), (*pads, op))


def oracle(graph: Graph, *inputs: np.ndarray) -> np.ndarray:
    """The oracle's own function for the last operator, on inputs given outright."""
    op = graph.ops[-1]
    return reference._INTEGER[type(op)](op, graph, list(inputs))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("clamp", [Clamp.NONE, Clamp.RELU, Clamp.RELU6, Clamp.RELU_N1_TO_1])
def test_conv_2d_rounds_twice(seed, clamp, litert, tflite_file):
    rng = np.random.default_rng(seed)
    source, target = quants(rng, 2)
    weight = rng.integers(-127, 128, (64, 1, 1)).astype(np.int8)
    weight_scale = np.array(scales(rng, 64), np.float32)
    bias = rng.integers(-3000, 3000, 64).astype(np.int32)
    file = tflite_file
    x, y = file.tensor([1, 1, 256, 1], source.scale, source.zero_point), _output(file, [1, 1, 256, 64], target)
    w = file.tensor([64, 1, 1, 1], weight_scale, data=weight)
    b = file.tensor([64], data=bias, kind="INT32")
    fields = {"padding": 1, "strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}
    fused = {Clamp.NONE: 0, Clamp.RELU: 1, Clamp.RELU_N1_TO_1: 2, Clamp.RELU6: 3}[clamp]
    file.op("CONV_2D", [x, w, b], y, "Conv2DOptions", 3, fusedActivationFunction=fused, **fields)
    op = Conv("conv", 0, weight, bias, clamp=clamp, weight_scale=weight_scale)
    expected = oracle(graph_of(op, [(1, source)], (64, target)), CODES[:, None])
    assert np.array_equal(litert(file.build([x], y))(CODES).reshape(256, 64), expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("per_channel", [True, False])
def test_fully_connected_rounds_a_double_product_once(seed, per_channel, litert, tflite_file):
    rng = np.random.default_rng(seed)
    source, target = quants(rng, 2)
    weight = rng.integers(-127, 128, (512, 7)).astype(np.int8)
    weight_scale = np.array(scales(rng, 512 if per_channel else 1), np.float32)
    bias = rng.integers(-3000, 3000, 512).astype(np.int32)
    codes = rng.integers(-128, 128, (1, 7)).astype(np.int8)
    file = tflite_file
    x, y = file.tensor([1, 7], source.scale, source.zero_point), _output(file, [1, 512], target)
    w = file.tensor([512, 7], weight_scale, data=weight)
    b = file.tensor([512], np.float32(source.scale) * weight_scale, data=bias, kind="INT32")
    file.op("FULLY_CONNECTED", [x, w, b], y, "FullyConnectedOptions", 4)
    widened = np.broadcast_to(weight_scale, 512).copy()
    op = Conv("fc", 0, weight[:, None], bias, weight_scale=widened, rounding=Rounding.FLOATING)
    expected = oracle(graph_of(op, [(7, source)], (512, target)), codes)
    assert np.array_equal(litert(file.build([x], y))(codes), expected)


def test_fully_connected_ties_are_those_of_the_double_product(litert, tflite_file):
    """Multipliers 1/6 .. 1/398 on odd multiples of half: near-ties that Q31 rounds one way and double the other."""
    divisors = np.repeat(np.arange(2, 400, 2), 50)
    bias = (divisors // 2 * np.tile(np.arange(-49, 51, 2), 199)).astype(np.int32)
    weight_scale = (1 / divisors).astype(np.float32)
    count = len(bias)
    file = tflite_file
    x, y = file.tensor([1, 1], 1.0), _output(file, [1, count], Quant(1.0, 0))
    w = file.tensor([count, 1], weight_scale, data=np.zeros((count, 1), np.int8))
    b = file.tensor([count], weight_scale, data=bias, kind="INT32")
    file.op("FULLY_CONNECTED", [x, w, b], y, "FullyConnectedOptions", 4)
    op = Conv("fc", 0, np.zeros((count, 1, 1), np.int8), bias, weight_scale=weight_scale, rounding=Rounding.FLOATING)
    graph = graph_of(op, [(1, Quant(1.0, 0))], (count, Quant(1.0, 0)))
    found = litert(file.build([x], y))(np.zeros((1, 1), np.int8))
    assert np.array_equal(found, oracle(graph, np.zeros((1, 1), np.int8)))


@pytest.mark.parametrize("seed", SEEDS)
def test_add_rescales_both_sides(seed, litert, tflite_file):
    rng = np.random.default_rng(seed)
    a, b, target = quants(rng, 3)
    left, right = np.repeat(CODES, 256)[:, None], np.tile(CODES, 256)[:, None]
    file = tflite_file
    x0, x1 = (file.tensor([1, 65536, 1], quant.scale, quant.zero_point) for quant in (a, b))
    y = _output(file, [1, 65536, 1], target)
    file.op("ADD", [x0, x1], y, "AddOptions", potScaleInt16=True)
    graph = graph_of(Add("add", 0, 1), [(1, a), (1, b)], (1, target))
    found = litert(file.build([x0, x1], y))(left, right)
    assert np.array_equal(found.reshape(-1, 1), oracle(graph, left, right))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kept", [True, False])
def test_mean_folds_the_count_into_the_multiplier(seed, kept, litert, tflite_file):
    rng = np.random.default_rng(seed)
    source, target = quants(rng, 2)
    frames = int(rng.integers(1, 70))
    codes = rng.integers(-128, 128, (frames, 64)).astype(np.int8)
    file = tflite_file
    x = file.tensor([1, frames, 64], source.scale, source.zero_point)
    axis = file.tensor([1], data=np.array([1], np.int32), kind="INT32")
    y = _output(file, [1, 1, 64] if kept else [1, 64], target)
    file.op("MEAN", [x, axis], y, "ReducerOptions", keepDims=kept)
    graph = graph_of(Mean("mean", 0, frames), [(64, source)], (64, target))
    assert np.array_equal(litert(file.build([x], y))(codes).reshape(1, 64), oracle(graph, codes))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("code", "function", "clamp"),
    [
        ("QUANTIZE", Function.REQUANTISE, Clamp.NONE),
        ("LEAKY_RELU", Function.LEAKY_RELU, Clamp.NONE),
        ("LOGISTIC", Function.SIGMOID, Clamp.NONE),
        ("TANH", Function.TANH, Clamp.NONE),
        ("RELU", Function.REQUANTISE, Clamp.RELU),
        ("RELU6", Function.REQUANTISE, Clamp.RELU6),
        ("RELU_N1_TO_1", Function.REQUANTISE, Clamp.RELU_N1_TO_1),
    ],
)
def test_functions_are_these_tables(seed, code, function, clamp, litert, tflite_file):
    rng = np.random.default_rng(seed)
    source, target = quants(rng, 2)
    target = {"LOGISTIC": Quant(1 / 256, -128), "TANH": Quant(1 / 128, 0)}.get(code, target)
    alpha = float(np.float32(rng.uniform(0.01, 1.5)))
    file = tflite_file
    x, y = file.tensor([1, 256, 1], source.scale, source.zero_point), _output(file, [1, 256, 1], target)
    options = {"options": "LeakyReluOptions", "alpha": alpha} if code == "LEAKY_RELU" else {}
    file.op(code, [x], y, version=1 if code == "RELU_N1_TO_1" else 2, **options)
    graph = graph_of(Map("map", 0, function, alpha, clamp), [(1, source)], (1, target))
    assert np.array_equal(litert(file.build([x], y))(CODES).ravel(), oracle(graph, CODES[:, None]).ravel())


@pytest.mark.parametrize(
    ("scale_in", "scale_out", "alpha", "code", "expected"),
    [(7.20, 11.52, 0.374, -100, -24), (15.61, 6.93, 0.396, -125, -112), (10.90, 5.89, 0.589, -50, -55)],
)
def test_leaky_relu_forms_its_slope_in_float32(scale_in, scale_out, alpha, code, expected, litert, tflite_file):
    """Scales at which a slope formed in double would give the code next to `expected`."""
    source, target = (Quant(float(np.float32(scale)), 0) for scale in (scale_in, scale_out))
    file = tflite_file
    x, y = file.tensor([1, 256, 1], source.scale), _output(file, [1, 256, 1], target)
    file.op("LEAKY_RELU", [x], y, "LeakyReluOptions", alpha=alpha)
    found = litert(file.build([x], y))(CODES).ravel()
    graph = graph_of(Map("map", 0, Function.LEAKY_RELU, float(np.float32(alpha))), [(1, source)], (1, target))
    assert np.array_equal(found, oracle(graph, CODES[:, None]).ravel())
    assert found[code + 128] == expected


def _output(file, shape: list[int], quant: Quant) -> int:
    return file.tensor(shape, quant.scale, quant.zero_point)
