"""The operators of a graph as what the C template prints: arrays, offsets and bounds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from facelite import requantise
from facelite.errors import BadInput
from facelite.graph import Add, Conv, Graph, Map, Mean, Op, Rounding
from numpy.typing import NDArray

from ..hop import HopPlan


@dataclass(frozen=True)
class Array:
    """A constant array: `kind` is C's type of an element."""

    name: str
    kind: str
    values: NDArray


@dataclass(frozen=True)
class Layer:
    """One operator.

    Attributes
    ----------
    function
        The C function that runs it: conv, add, mean or map.
    arrays
        Its constants.
    fields
        What its struct holds, in the struct's order, as C expressions.
    inputs, output
        Offsets in the work buffer of the first value read of each operand, and of the first value made.
    """

    index: int
    name: str
    function: str
    summary: str
    inputs: tuple[int, ...]
    output: int
    fields: tuple[object, ...]
    arrays: tuple[Array, ...] = ()


@dataclass
class Memory:
    """Where tensors lie: in work as [history | new frames] one behind the other, in a state their histories."""

    plan: HopPlan
    work: list[int] = field(default_factory=lambda: [0])
    state: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        for frames, kept, tensor in zip(self.plan.frames, self.plan.history, self.plan.graph.tensors, strict=True):
            self.work.append(self.work[-1] + (frames + kept) * tensor.channels)
            self.state.append(self.state[-1] + kept * tensor.channels)

    def kept_bytes(self, tensor: int) -> int:
        return self.state[tensor + 1] - self.state[tensor]

    def new_bytes(self, tensor: int) -> int:
        return self.plan.frames[tensor] * self.plan.graph.tensors[tensor].channels

    def new(self, tensor: int) -> int:
        """Offset in work of a tensor's new frames."""
        return self.work[tensor] + self.kept_bytes(tensor)

    def read(self, index: int, operand: int) -> int:
        """Offset in work of the first value that operator `index` reads of an operand."""
        source = self.plan.graph.ops[index].inputs[operand]
        return self.work[source] + self.plan.first(index, operand) * self.plan.graph.tensors[source].channels


def layers(graph: Graph, memory: Memory) -> list[Layer]:
    """Every operator, in order.

    Raises
    ------
    BadInput
        The graph is float, or a value of it does not fit the integers that the kernel computes with.
    """
    return [_layer(op, graph, index, memory) for index, op in enumerate(graph.ops)]


def floating(layer: Layer) -> bool:
    """Whether it requantises by a floating product."""
    return any(array.kind == "double" for array in layer.arrays)


def _layer(op: Op, graph: Graph, index: int, memory: Memory) -> Layer:
    inputs = tuple(memory.read(index, operand) for operand in range(len(op.inputs)))
    arrays: tuple[Array, ...] = ()
    fields: tuple[object, ...]
    if isinstance(op, Conv):
        arrays = _conv_arrays(op, graph, index)
        fields = _conv_fields(op, graph, index, arrays, memory)
        summary = f"{op.in_channels} -> {op.out_channels} channels, kernel {op.kernel}, stride {op.stride}"
        summary += f", dilation {op.dilation}" if op.dilation > 1 else ""
    elif isinstance(op, Add):
        fields, summary = _add_fields(op, graph, index, memory), f"{graph.tensors[index + 1].channels} channels"
    elif isinstance(op, Mean):
        fields, summary = _mean_fields(op, graph, index, memory), f"of {op.kernel} frames"
    else:
        arrays = (Array(f"table_{index}", "int8_t", requantise.map_table(op, graph)),)
        fields, summary = (arrays[0].name, memory.new_bytes(index + 1)), op.function.value
    function = {Conv: "conv", Add: "add", Mean: "mean", Map: "map"}[type(op)]
    return Layer(index, op.name, function, summary, inputs, memory.new(index + 1), fields, arrays)


def _conv_arrays(op: Conv, graph: Graph, index: int) -> tuple[Array, ...]:
    weight = op.weight.astype(np.int64)
    zero_point = requantise.quant_of(graph, op.input).zero_point
    bias = op.bias.astype(np.int64) - zero_point * weight.sum(axis=(1, 2))
    if (np.abs(bias) + 255 * np.abs(weight).sum(axis=(1, 2))).max() >= 2**31:
        raise BadInput(op.name, "its int32 accumulator can overflow", "quantise it with smaller biases")
    arrays = [Array(f"weights_{index}", "int8_t", op.weight), Array(f"bias_{index}", "int32_t", bias)]
    if op.rounding is Rounding.FLOATING:
        return (*arrays, Array(f"scale_{index}", "double", requantise.conv_scales(op, graph)))
    multiplier, shift = requantise.conv_multipliers(op, graph)
    return (*arrays, Array(f"multiplier_{index}", "int32_t", multiplier), Array(f"shift_{index}", "int8_t", shift))


def _conv_fields(op: Conv, graph: Graph, index: int, arrays: tuple[Array, ...], memory: Memory) -> tuple[object, ...]:
    quant = requantise.quant_of(graph, index + 1)
    # Taps that lie side by side are one long tap.
    joined = op.dilation == 1 or op.kernel == 1
    taps, length = (1, op.kernel * op.in_channels) if joined else (op.kernel, op.in_channels)
    rescale = [array.name for array in arrays[2:]]
    rescale = ["NULL", "NULL", *rescale] if op.rounding is Rounding.FLOATING else [*rescale, "NULL"]
    steps = (taps, op.dilation * op.in_channels, length, op.stride * op.in_channels)
    size = (memory.plan.frames[index + 1], op.out_channels)
    return (
        *(array.name for array in arrays[:2]),
        *rescale,
        *size,
        *steps,
        quant.zero_point,
        *requantise.clamp_bounds(op.clamp, quant),
    )


def _add_fields(op: Add, graph: Graph, index: int, memory: Memory) -> tuple[object, ...]:
    parameters = requantise.add_parameters(op, graph)
    quant = requantise.quant_of(graph, index + 1)
    sources = [requantise.quant_of(graph, source).zero_point for source in op.inputs]
    pairs = (parameters.input, parameters.other, parameters.output)
    bounds = requantise.clamp_bounds(op.clamp, quant)
    flat = [number for pair in pairs for number in pair]
    return (memory.new_bytes(index + 1), *sources, *flat, quant.zero_point, *bounds)


def _mean_fields(op: Mean, graph: Graph, index: int, memory: Memory) -> tuple[object, ...]:
    parameters = requantise.mean_parameters(op, graph)
    zero_points = (requantise.quant_of(graph, op.input).zero_point, requantise.quant_of(graph, index + 1).zero_point)
    size = (memory.plan.frames[index + 1], graph.tensors[index + 1].channels, op.kernel)
    return (*size, zero_points[0], parameters.multiplier, parameters.shift, zero_points[1])
