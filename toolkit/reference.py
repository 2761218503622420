"""The NumPy oracle: docs/ir.md in code, slow and obvious, and the truth that every kernel is tested against.

A window and a whole utterance go through the same function, `run`; a stream is the utterance with silence before
and after it, convolved once from end to end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import BadInput
from .graph import Add, Conv, Function, Graph, Map, Mean, Op, Rounding
from .requantise import (
    ADD_LEFT_SHIFT,
    CODE_MAX,
    CODE_MIN,
    add_parameters,
    clamp_bounds,
    conv_multipliers,
    conv_scales,
    map_table,
    mean_parameters,
    multiply,
    multiply_floating,
    output_quant,
    quant_of,
)

THIRD = np.float32(1 / 3)


def run(graph: Graph, waveform: NDArray) -> list[NDArray]:
    """Every tensor of the graph for a waveform of any length, aligned at its newest sample.

    Parameters
    ----------
    graph
        int8 or float.
    waveform
        int8 codes [samples] for an int8 graph, float32 companded waveform [samples] for a float one.

    Returns
    -------
    One array [frames, channels] a tensor, the waveform first; int8 or float32. Frames that the waveform is too
    short to make do not exist.

    Raises
    ------
    BadInput
        The waveform is too short for even one output frame, or is of the wrong kind.
    """
    expected = np.int8 if graph.quantised else np.float32
    if waveform.ndim != 1 or waveform.dtype != expected:
        raise BadInput(graph.name, f"needs {np.dtype(expected)} samples in one channel, got {waveform.dtype}")
    if len(waveform) < graph.receptive_field:
        raise BadInput(graph.name, f"needs at least {graph.receptive_field} samples, got {len(waveform)}")
    tensors = [waveform[:, None]]
    for op in graph.ops:
        tensors.append(apply(op, graph, tensors))
    return tensors


def apply(op: Op, graph: Graph, tensors: list[NDArray]) -> NDArray:
    """What one operator makes of the tensors before it: [frames, channels]."""
    operators = _INTEGER if graph.quantised else _FLOAT
    return operators[type(op)](op, graph, tensors)


def run_window(graph: Graph, window: NDArray) -> NDArray:
    """Output frame [channels] of one window: the newest that `window` gives."""
    return run(graph, window)[-1][-1]


def run_stream(graph: Graph, waveform: NDArray) -> NDArray:
    """Output frames [ceil(samples / hop), channels] of an utterance with silence around it."""
    frames = -(-len(waveform) // graph.hop)
    if frames == 0:
        return np.zeros((0, graph.tensors[-1].channels), waveform.dtype)
    heard = waveform[: (frames - 1) * graph.hop + graph.lookahead]
    before = graph.window - graph.lookahead
    padded = np.zeros(graph.window + (frames - 1) * graph.hop, waveform.dtype)
    padded[before : before + len(heard)] = heard
    return run(graph, padded)[-1][-frames:]


def dequantise(graph: Graph, codes: NDArray[np.int8]) -> NDArray[np.float32]:
    """Output codes -> real values: ``(code - zero_point) * scale``, one float32 product."""
    quant = quant_of(graph, len(graph.ops))
    return (codes.astype(np.int32) - quant.zero_point).astype(np.float32) * np.float32(quant.scale)


def smooth(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each frame's mean with its two neighbours, the ends repeated, in docs/ir.md's order of operations."""
    if len(frames) == 0:
        return frames
    padded = np.concatenate([frames[:1], frames, frames[-1:]])
    return ((padded[:-2] + padded[1:-1]) + padded[2:]) * THIRD


def animate(graph: Graph, waveform: NDArray, smoothing: bool | None = None) -> NDArray[np.float32]:
    """Curves, float32 [frames, controls], as a stream gives them; `smoothing` defaults to the graph's own."""
    frames = run_stream(graph, waveform)
    values = dequantise(graph, frames) if graph.quantised else frames
    return smooth(values) if (graph.smoothing if smoothing is None else smoothing) else values


def _undelayed(frames: NDArray, delay: int) -> NDArray:
    return frames[: len(frames) - delay]


def taps(conv: Conv, frames: NDArray) -> list[NDArray]:
    """For each tap of the kernel, the input frames [outputs, in_channels] that it meets."""
    frames = _undelayed(frames, conv.delay)
    outputs = (len(frames) - conv.span) // conv.stride + 1
    first = len(frames) - conv.span - (outputs - 1) * conv.stride
    starts = [first + tap * conv.dilation for tap in range(conv.kernel)]
    return [frames[start : start + (outputs - 1) * conv.stride + 1 : conv.stride] for start in starts]


def _operands(add: Add, tensors: list[NDArray]) -> tuple[NDArray, NDArray]:
    a = _undelayed(tensors[add.input], add.delay)
    b = _undelayed(tensors[add.other], add.other_delay)
    common = min(len(a), len(b))
    return a[len(a) - common :], b[len(b) - common :]


def _runs(mean: Mean, tensors: list[NDArray]) -> NDArray:
    """Every run of `kernel` frames, a view: [outputs, channels, kernel]."""
    frames = _undelayed(tensors[mean.input], mean.delay)
    return np.lib.stride_tricks.sliding_window_view(frames, mean.kernel, axis=0)


def accumulate(conv: Conv, graph: Graph, tensors: list[NDArray]) -> NDArray[np.int64]:
    """A convolution's sums before requantisation, bias included: [frames, out_channels], inside int32."""
    zero_point = quant_of(graph, conv.input).zero_point
    # float64 is exact on integers up to 2**53, far beyond an int32 accumulator, and NumPy multiplies it faster.
    total = conv.bias.astype(np.float64)
    for tap, frames in enumerate(taps(conv, tensors[conv.input])):
        total = total + (frames.astype(np.float64) - zero_point) @ conv.weight[:, tap].astype(np.float64).T
    return total.astype(np.int64)


def from_sums(sums: NDArray[np.int64], conv: Conv, graph: Graph) -> NDArray[np.int8]:
    """A convolution's output codes."""
    if conv.rounding is Rounding.FLOATING:
        steps = multiply_floating(sums, conv_scales(conv, graph))
    else:
        steps = multiply(sums, *conv_multipliers(conv, graph))
    return _finish(steps, conv, graph)


def _conv_int8(conv: Conv, graph: Graph, tensors: list[NDArray]) -> NDArray[np.int8]:
    return from_sums(accumulate(conv, graph, tensors), conv, graph)


def _add_int8(add: Add, graph: Graph, tensors: list[NDArray]) -> NDArray[np.int8]:
    parameters = add_parameters(add, graph)
    a, b = _operands(add, tensors)
    centred_a = a.astype(np.int64) - quant_of(graph, add.input).zero_point
    centred_b = b.astype(np.int64) - quant_of(graph, add.other).zero_point
    total = multiply(centred_a << ADD_LEFT_SHIFT, *parameters.input)
    total = total + multiply(centred_b << ADD_LEFT_SHIFT, *parameters.other)
    return _finish(multiply(total, *parameters.output), add, graph)


def _mean_int8(mean: Mean, graph: Graph, tensors: list[NDArray]) -> NDArray[np.int8]:
    parameters = mean_parameters(mean, graph)
    zero_point = quant_of(graph, mean.input).zero_point
    sums = _runs(mean, tensors).sum(axis=2, dtype=np.int64) - mean.kernel * zero_point
    steps = multiply(sums, parameters.multiplier, parameters.shift) + output_quant(graph, mean).zero_point
    return np.clip(steps, CODE_MIN, CODE_MAX).astype(np.int8)


def _map_int8(op: Map, graph: Graph, tensors: list[NDArray]) -> NDArray[np.int8]:
    return map_table(op, graph)[tensors[op.input].astype(np.int64) - CODE_MIN]


def _finish(steps: NDArray[np.int64], op: Conv | Add, graph: Graph) -> NDArray[np.int8]:
    quant = output_quant(graph, op)
    return np.clip(steps + quant.zero_point, *clamp_bounds(op.clamp, quant)).astype(np.int8)


def _conv_float(conv: Conv, graph: Graph, tensors: list[NDArray]) -> NDArray[np.float32]:
    met = taps(conv, tensors[conv.input])
    total = sum(frames.astype(np.float64) @ conv.weight[:, tap].astype(np.float64).T for tap, frames in enumerate(met))
    return np.clip(conv.bias + total, *conv.clamp.bounds).astype(np.float32)


def _add_float(add: Add, graph: Graph, tensors: list[NDArray]) -> NDArray[np.float32]:
    a, b = _operands(add, tensors)
    return np.clip(a + b, *add.clamp.bounds).astype(np.float32)


def _mean_float(mean: Mean, graph: Graph, tensors: list[NDArray]) -> NDArray[np.float32]:
    return _runs(mean, tensors).mean(axis=2, dtype=np.float64).astype(np.float32)


def _map_float(op: Map, graph: Graph, tensors: list[NDArray]) -> NDArray[np.float32]:
    x = tensors[op.input].astype(np.float64)
    if op.function is Function.LEAKY_RELU:
        x = np.where(x >= 0, x, x * np.float64(op.alpha))
    elif op.function is Function.SIGMOID:
        x = 1 / (1 + np.exp(-x))
    elif op.function is Function.TANH:
        x = np.tanh(x)
    elif op.function is Function.ADD_CONSTANT and op.addend_quant is not None:
        x = x + (op.addend - op.addend_quant.zero_point) * op.addend_quant.scale
    return np.clip(x, *op.clamp.bounds).astype(np.float32)


_Operator = Callable[[Any, Graph, list[NDArray]], NDArray]

_INTEGER: dict[type, _Operator] = {Conv: _conv_int8, Add: _add_int8, Mean: _mean_int8, Map: _map_int8}
_FLOAT: dict[type, _Operator] = {Conv: _conv_float, Add: _add_float, Mean: _mean_float, Map: _map_float}
