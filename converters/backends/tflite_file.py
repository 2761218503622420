"""Quantised graph -> full-int8 TFLite file, written with TensorFlow's own flatbuffer schema, its scales kept.

Inside the file a sequence is [1, 1, frames, channels]. Each tensor holds the frames that one output frame needs, the
newest last; where a reader needs fewer, a SLICE leaves out the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from facelite.errors import BadInput
from facelite.graph import Add, Clamp, Conv, Function, Graph, Map, Mean, Op, Rounding
from facelite.requantise import RESCALED_INPUT, quant_of
from numpy.typing import NDArray

from .tflite_writer import Writer

_FUSED = {Clamp.NONE: 0, Clamp.RELU: 1, Clamp.RELU_N1_TO_1: 2, Clamp.RELU6: 3}
"""schema.fbs, ActivationFunctionType."""

_VALID = 1
"""schema.fbs, Padding."""

_CLAMPS = {
    Clamp.NONE: "QUANTIZE",
    Clamp.RELU: "RELU",
    Clamp.RELU6: "RELU6",
    Clamp.RELU_N1_TO_1: "RELU_N1_TO_1",
    Clamp.RELU_0_TO_1: "RELU_0_TO_1",
}
_FUNCTIONS = {Function.LEAKY_RELU: "LEAKY_RELU", Function.SIGMOID: "LOGISTIC", Function.TANH: "TANH"}


def pack(graph: Graph) -> bytes:
    """The file: waveform int8 [1, window, 1] -> controls int8 [1, controls].

    Raises
    ------
    BadInput
        The graph is float, or holds a fusion that TFLite has no operator for.
    """
    return File(graph).build()


def frames_needed(graph: Graph) -> list[int]:
    """Frames of each tensor that one output frame depends on, the input's up to its window."""
    needed = [0] * len(graph.ops) + [1]
    for index in reversed(range(len(graph.ops))):
        for operand, source in enumerate(graph.ops[index].inputs):
            needed[source] = max(needed[source], sum(_reads(graph.ops[index], operand, needed[index + 1])))
    return needed


def _reads(op: Op, operand: int, outputs: int) -> tuple[int, int]:
    """Frames that `op` reads for `outputs` frames, and newer ones that it leaves out."""
    if isinstance(op, Conv):
        return (outputs - 1) * op.stride + op.span, op.delay
    if isinstance(op, Mean):
        return op.kernel + outputs - 1, op.delay
    if isinstance(op, Add):
        return outputs, op.other_delay if operand else op.delay
    return outputs, 0


@dataclass
class File:
    """A file in the making, windowed.

    Attributes
    ----------
    frames
        Of each tensor, those that its operator makes.
    available
        Of each tensor, those that its readers find.
    tensors
        The file's tensor of each of the graph's, as far as they are written.
    """

    graph: Graph

    def __post_init__(self) -> None:
        graph = self.graph
        self.frames = [graph.window, *frames_needed(graph)[1:]]
        self.available = self.frames
        self.writer = Writer()
        self.tensors: list[int] = []

    def build(self) -> bytes:
        graph, quant = self.graph, quant_of(self.graph, 0)
        waveform = self.writer.tensor("waveform", [1, graph.window, 1], quant)
        self.tensors.append(self._reshaped(waveform, "waveform/frames", [1, 1, graph.window, 1], 0))
        for index in range(len(graph.ops)):
            self.tensors.append(self.write(index))
        return self.writer.build([waveform], [self.controls(self.tensors[-1])])

    def write(self, index: int) -> int:
        """Write operator `index`; returns what it makes."""
        op = self.graph.ops[index]
        return _WRITERS[type(op)](self, op, index + 1)

    def controls(self, source: int) -> int:
        """The output frame in the shape of the file's output."""
        return self._reshaped(source, "controls", [1, len(self.graph.controls)], len(self.graph.ops))

    def slice(self, source: int, name: str, index: int, oldest: int, frames: int) -> int:
        """`frames` frames of tensor `index`, of which `source` holds more, from the oldest but `oldest` on."""
        channels = self.graph.tensors[index].channels
        target = self.writer.tensor(name, [1, 1, frames, channels], quant_of(self.graph, index))
        begin = self.writer.integers(f"{name}/begin", [0, 0, oldest, 0])
        size = self.writer.integers(f"{name}/size", [1, 1, frames, channels])
        self.writer.op("SLICE", [source, begin, size], target)
        return target

    def _made(self, index: int, name: str = "") -> int:
        """The tensor that operator ``index - 1`` makes."""
        tensor, op = self.graph.tensors[index], self.graph.ops[index - 1]
        shape = [1, 1, self.frames[index], tensor.channels]
        return self.writer.tensor(name or f"{_name(op)}/output", shape, quant_of(self.graph, index))

    def _reshaped(self, source: int, name: str, shape: Sequence[int], index: int) -> int:
        """The frames of tensor `index` in another shape."""
        target = self.writer.tensor(name, shape, quant_of(self.graph, index))
        self.writer.op("RESHAPE", [source, self.writer.integers(f"{name}/shape", shape)], target)
        return target

    def _read(self, op: Op, operand: int, index: int) -> int:
        """What `op`, which makes tensor `index`, reads of its operand: all of it, or a slice."""
        source = op.inputs[operand]
        wanted, newer = _reads(op, operand, self.frames[index])
        oldest = self.available[source] - wanted - newer
        if oldest == 0 and newer == 0:
            return self.tensors[source]
        return self.slice(self.tensors[source], f"{_name(op)}/input{operand}", source, oldest, wanted)

    def conv(self, op: Conv, index: int) -> int:
        source = self._read(op, 0, index)
        if op.clamp not in _FUSED:
            raise BadInput(self.graph.name, f"layer {op.name} fuses {op.clamp.value}, which TFLite cannot")
        if op.rounding is Rounding.FLOATING:
            return self._fully_connected(op, source, index)
        output = self._made(index)
        weights = self._weights(op, op.weight[:, None], index)
        options = {"padding": _VALID, "strideW": op.stride, "strideH": 1, "dilationWFactor": op.dilation}
        options |= {"dilationHFactor": 1, "fusedActivationFunction": _FUSED[op.clamp]}
        self.writer.op("CONV_2D", [source, *weights], output, "Conv2DOptions", **options)
        return output

    def _fully_connected(self, op: Conv, source: int, index: int) -> int:
        rows, features = self.frames[index], op.kernel * op.in_channels
        if (rows > 1 and op.kernel > 1) or op.stride > 1 or op.dilation > 1:
            raise BadInput(self.graph.name, f"layer {op.name} is no FULLY_CONNECTED, but rounds like one")
        flat = self._reshaped(source, f"{_name(op)}/flat", [rows, features], op.input)
        output = self.writer.tensor(f"{_name(op)}/rows", [rows, op.out_channels], quant_of(self.graph, index))
        weights = self._weights(op, op.weight.reshape(op.out_channels, features), index)
        clamp = {"fusedActivationFunction": _FUSED[op.clamp]}
        self.writer.op("FULLY_CONNECTED", [flat, *weights], output, "FullyConnectedOptions", **clamp)
        return self._reshaped(output, f"{_name(op)}/output", [1, 1, rows, op.out_channels], index)

    def _weights(self, op: Conv, weight: NDArray, index: int) -> list[int]:
        if op.weight_scale is None:
            raise BadInput(self.graph.name, f"layer {op.name} has float weights", "quantise the graph first")
        bias_scale = np.float32(quant_of(self.graph, op.input).scale) * op.weight_scale
        weights = self.writer.constant(f"{_name(op)}/weights", weight, op.weight_scale)
        return [weights, self.writer.constant(f"{_name(op)}/bias", op.bias, bias_scale)]

    def add(self, op: Add, index: int) -> int:
        operands = [self._read(op, 0, index), self._read(op, 1, index)]
        if op.clamp not in _FUSED:
            raise BadInput(self.graph.name, f"layer {op.name} fuses {op.clamp.value}, which TFLite cannot")
        output = self._made(index)
        self.writer.op("ADD", operands, output, "AddOptions", fusedActivationFunction=_FUSED[op.clamp])
        return output

    def mean(self, op: Mean, index: int) -> int:
        if self.frames[index] != 1:
            raise BadInput(self.graph.name, f"layer {op.name}: a mean of which more than one frame is needed")
        source = self._read(op, 0, index)
        output = self._made(index)
        axes = self.writer.integers(f"{_name(op)}/axes", [2])
        self.writer.op("MEAN", [source, axes], output, "ReducerOptions", keepDims=True)
        return output

    def map(self, op: Map, index: int) -> int:
        source = self._read(op, 0, index)
        output = self._made(index)
        if op.function is Function.REQUANTISE:
            self.writer.op(_CLAMPS[op.clamp], [source], output)
        elif op.function is Function.ADD_CONSTANT and op.addend_quant is not None and op.clamp in _FUSED:
            constant = self.writer.code(f"{_name(op)}/addend", op.addend, op.addend_quant)
            self.writer.op("ADD", [source, constant], output, "AddOptions", fusedActivationFunction=_FUSED[op.clamp])
        elif op.clamp is not Clamp.NONE:
            raise BadInput(self.graph.name, f"layer {op.name} fuses {op.clamp.value}, which TFLite cannot")
        elif op.function is Function.LEAKY_RELU:
            self.writer.op("LEAKY_RELU", [source], output, "LeakyReluOptions", alpha=op.alpha)
        else:
            self.writer.op(_FUNCTIONS[op.function], [source], output)
        return output


_WRITERS: dict[type, Callable[[File, Any, int], int]] = {
    Conv: File.conv,
    Add: File.add,
    Mean: File.mean,
    Map: File.map,
}


def _name(op: Op) -> str:
    """The layer's name as part of a tensor's: TensorFlow separates layers by / and fused ones by ;."""
    if op.name == RESCALED_INPUT:  # this file takes the codes themselves, and rescales them inside
        return "rescaled_codes"
    return op.name.replace("/", ".").replace(";", ".")
