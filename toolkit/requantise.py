"""TFLite's integer requantisation: from real scales to the integers that every kernel uses.

The rules are LiteRT's reference kernels'; tests/toolkit/test_requantise.py probes the installed LiteRT for each
of them. A real multiplier ``M`` becomes a Q31 multiplier ``m`` and a shift ``s`` with ``M = m * 2**(s - 31)``.
docs/ir.md states every operator as integer expressions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import BadInput
from .graph import Add, Clamp, Conv, Function, Graph, Map, Mean, Quant, Rounding

CODE_MIN, CODE_MAX = -128, 127

ADD_LEFT_SHIFT = 20
"""Bits that ADD shifts its centred operands up by, before it rescales them (TFLite's choice for int8)."""

RESCALED_INPUT = "input_scale"
"""Name of the first operator of a graph whose file has an input scale of its own: it brings mu-law codes to it."""


def quantise_multiplier(real: float) -> tuple[int, int]:
    """Q31 multiplier (0, or 2**30 .. 2**31 - 1) and shift (-31 .. 31) of a real multiplier >= 0.

    TFLite's QuantizeMultiplier: the mantissa is rounded half away from zero; a multiplier below about 2**-32
    becomes 0.
    """
    mantissa, shift = math.frexp(real)
    fixed = math.floor(mantissa * 2**31 + 0.5)
    if fixed == 2**31:
        fixed, shift = fixed // 2, shift + 1
    return (fixed, shift) if shift >= -31 else (0, 0)


def multiply(x: ArrayLike, multiplier: ArrayLike, shift: ArrayLike) -> NDArray[np.int64]:
    """``x * multiplier * 2**(shift - 31)``, rounded twice, as TFLite's MultiplyByQuantizedMultiplier does.

    First half up to the high word, ``h = ((x << max(shift, 0)) * multiplier + 2**30) >> 31``, then half away from
    zero by ``2**max(-shift, 0)``. Shapes broadcast; ``x << max(shift, 0)`` must fit int32.
    """
    shift = np.asarray(shift, np.int64)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    high = ((np.asarray(x, np.int64) << left) * np.asarray(multiplier, np.int64) + (1 << 30)) >> 31
    mask = (np.int64(1) << right) - 1
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))


def multiply_floating(x: ArrayLike, scale: ArrayLike) -> NDArray[np.int64]:
    """``x * scale`` as one IEEE double product, rounded half away from zero (C's ``round``)."""
    product = np.asarray(x, np.float64) * np.asarray(scale, np.float64)
    whole = np.trunc(product)
    return (whole + np.copysign(np.abs(product - whole) >= 0.5, product)).astype(np.int64)


def quant_of(graph: Graph, tensor: int) -> Quant:
    """int8 parameters of a tensor; raises BadInput on a float graph."""
    quant = graph.tensors[tensor].quant
    if quant is None:
        raise BadInput(graph.name, f"tensor {graph.tensors[tensor].name} has no int8 scale", "quantise the graph first")
    return quant


def output_quant(graph: Graph, op: Conv | Add | Mean | Map) -> Quant:
    """int8 parameters of the tensor that `op`, one of the graph's own operators, makes."""
    # By identity: two operators of equal fields may still have outputs of different scales.
    index = next(i for i, candidate in enumerate(graph.ops) if candidate is op)
    return quant_of(graph, index + 1)


def clamp_bounds(clamp: Clamp, quant: Quant) -> tuple[int, int]:
    """Smallest and largest output code that the activation lets through.

    TFLite's CalculateActivationRangeQuantized: a real bound ``b`` is code ``zero_point + round(b / scale)``, the
    division in float32, rounded half away from zero.
    """
    low, high = clamp.bounds
    lowest = CODE_MIN if math.isinf(low) else max(CODE_MIN, _code_of(low, quant))
    highest = CODE_MAX if math.isinf(high) else min(CODE_MAX, _code_of(high, quant))
    return lowest, highest


def conv_scales(conv: Conv, graph: Graph) -> NDArray[np.float64]:
    """Real multiplier of each output channel, accumulator to output code, float64 [out_channels].

    Used as it is by convolutions with Rounding.FLOATING, and as the source of the Q31 multipliers by the others.

    Raises
    ------
    BadInput
        The graph is float, or an accumulator or its rescaled value can overflow int32.
    """
    if conv.weight_scale is None:
        raise BadInput(graph.name, f"layer {conv.name} has float weights", "quantise the graph first")
    source, target = quant_of(graph, conv.input), output_quant(graph, conv)
    scales = np.float64(source.scale) * conv.weight_scale.astype(np.float64) / np.float64(target.scale)
    if np.any(accumulator_bounds(conv, graph) * np.maximum(scales, 1) >= 2**31 - 256):
        raise _overflow(conv, graph, scales)
    return scales


def conv_multipliers(conv: Conv, graph: Graph) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Q31 multiplier and shift of each output channel, int32 [out_channels] each.

    Raises
    ------
    BadInput
        The layer requantises by a floating product (use `conv_scales`), or an accumulator, shifted up where its
        multiplier exceeds 1, can overflow int32.
    """
    if conv.rounding is not Rounding.FIXED:
        raise BadInput(graph.name, f"layer {conv.name} requantises by a floating product, not by Q31 multipliers")
    pairs = [quantise_multiplier(float(scale)) for scale in conv_scales(conv, graph)]
    multiplier, shift = np.array(pairs, np.int64).reshape(-1, 2).T
    if np.any(accumulator_bounds(conv, graph) << np.clip(shift, 0, 31) >= 2**31):
        raise _overflow(conv, graph, conv_scales(conv, graph))
    return multiplier.astype(np.int32), shift.astype(np.int32)


def _overflow(conv: Conv, graph: Graph, scales: NDArray[np.float64]) -> BadInput:
    problem = f"layer {conv.name} rescales its accumulator by up to {scales.max():.3g} and can overflow int32"
    return BadInput(graph.name, problem, "its output hardly moved in calibration: calibrate with other audio")


def accumulator_bounds(conv: Conv, graph: Graph) -> NDArray[np.int64]:
    """Largest magnitude that each output channel's accumulator can reach for any input, int64 [out_channels]."""
    zero_point = quant_of(graph, conv.input).zero_point
    reach = max(CODE_MAX - zero_point, zero_point - CODE_MIN)
    weights = np.abs(conv.weight.astype(np.int64)).sum(axis=(1, 2))
    return weights * reach + np.abs(conv.bias.astype(np.int64))


@dataclass(frozen=True)
class AddParameters:
    """Multipliers and shifts of ADD's two operands and of its sum; each is a (Q31, shift <= 0) pair."""

    input: tuple[int, int]
    other: tuple[int, int]
    output: tuple[int, int]


def add_parameters(add: Add, graph: Graph) -> AddParameters:
    """TFLite's ADD: both operands are brought to twice the larger scale, with 20 extra bits, and summed.

    Raises
    ------
    BadInput
        The output scale is so small that TFLite's own kernel refuses it.
    """
    a, b, y = quant_of(graph, add.input), quant_of(graph, add.other), output_quant(graph, add)
    return _add_parameters(a, b, y, f"layer {add.name}")


def _add_parameters(a: Quant, b: Quant, y: Quant, layer: str) -> AddParameters:
    twice = 2 * max(a.scale, b.scale)
    sum_multiplier = twice / (2**ADD_LEFT_SHIFT * y.scale)
    if sum_multiplier >= 1:
        raise BadInput(layer, f"its output scale {y.scale:g} is too small for ADD")
    return AddParameters(
        quantise_multiplier(a.scale / twice), quantise_multiplier(b.scale / twice), quantise_multiplier(sum_multiplier)
    )


@dataclass(frozen=True)
class MeanParameters:
    """Q31 multiplier (not normalised) and shift that turn a sum of centred codes into an output code."""

    multiplier: int
    shift: int


def mean_parameters(mean: Mean, graph: Graph) -> MeanParameters:
    """TFLite's MEAN folds ``1 / kernel`` into the multiplier, after shifting it up by ``floor(log2(kernel))`` bits."""
    source, target = quant_of(graph, mean.input), output_quant(graph, mean)
    multiplier, shift = quantise_multiplier(source.scale / target.scale)
    up = min(mean.kernel.bit_length() - 1, 32, 31 + shift)
    return MeanParameters((multiplier << up) // mean.kernel, shift - up)


def map_table(op: Map, graph: Graph) -> NDArray[np.int8]:
    """Output code for each of the 256 input codes, int8 [256], indexed by ``code + 128``."""
    source, target = quant_of(graph, op.input), output_quant(graph, op)
    centred = np.arange(CODE_MIN, CODE_MAX + 1, dtype=np.int64) - source.zero_point
    steps = _STEPS[op.function](op, source, target, centred)
    return np.clip(steps + target.zero_point, *clamp_bounds(op.clamp, target)).astype(np.int8)


def _requantise(op: Map, source: Quant, target: Quant, centred: NDArray) -> NDArray:
    return multiply(centred, *quantise_multiplier(source.scale / target.scale))


def _leaky_relu(op: Map, source: Quant, target: Quant, centred: NDArray) -> NDArray:
    # LiteRT forms both multipliers in float32 before it quantises them.
    scale_in, scale_out = np.float32(source.scale), np.float32(target.scale)
    identity = quantise_multiplier(float(scale_in / scale_out))
    slope = quantise_multiplier(float(scale_in * np.float32(op.alpha) / scale_out))
    return np.where(centred >= 0, multiply(centred, *identity), multiply(centred, *slope))


def _sigmoid(op: Map, source: Quant, target: Quant, centred: NDArray) -> NDArray:
    with np.errstate(over="ignore"):  # exp of a large number is infinite in float32, as it is for LiteRT
        exponential = np.exp(-_real(source, centred)).astype(np.float32)
    return _steps(np.float32(1) / (np.float32(1) + exponential), target)


def _tanh(op: Map, source: Quant, target: Quant, centred: NDArray) -> NDArray:
    return _steps(np.tanh(_real(source, centred)).astype(np.float32), target)


def _add_constant(op: Map, source: Quant, target: Quant, centred: NDArray) -> NDArray:
    if op.addend_quant is None:
        raise BadInput(op.name, "adds a constant without an int8 scale", "quantise the graph first")
    parameters = _add_parameters(source, op.addend_quant, target, f"layer {op.name}")
    total = multiply(centred << ADD_LEFT_SHIFT, *parameters.input)
    total = total + multiply((op.addend - op.addend_quant.zero_point) << ADD_LEFT_SHIFT, *parameters.other)
    return multiply(total, *parameters.output)


_STEPS = {
    Function.REQUANTISE: _requantise,
    Function.LEAKY_RELU: _leaky_relu,
    Function.SIGMOID: _sigmoid,
    Function.TANH: _tanh,
    Function.ADD_CONSTANT: _add_constant,
}


def _real(source: Quant, centred: NDArray) -> NDArray[np.float64]:
    """The float32 values that LiteRT gives libm, widened so that the function's result is correctly rounded."""
    return (np.float32(source.scale) * centred.astype(np.float32)).astype(np.float64)


def _steps(values: NDArray[np.float32], target: Quant) -> NDArray[np.int64]:
    return multiply_floating(values * (np.float32(1) / np.float32(target.scale)), 1.0)


def _code_of(real: float, quant: Quant) -> int:
    return quant.zero_point + int(multiply_floating(np.float32(real) / np.float32(quant.scale), 1.0))
