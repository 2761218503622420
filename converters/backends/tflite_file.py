"""Quantised graph -> full-int8 TFLite file, written with TensorFlow's own flatbuffer schema, its scales kept.

Inside the file a sequence is [1, 1, frames, channels]. Each tensor holds the frames that one output frame needs, the
newest last; where a reader needs fewer, a SLICE leaves out the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from facelite.companding import FULL_SCALE, encode
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


def pack(graph: Graph, pcm: bool = False) -> bytes:
    """The file: waveform int8 [1, window, 1], or int16 PCM, -> controls int8 [1, controls].

    Raises
    ------
    BadInput
        The graph is float.
    """
    return File(graph, pcm).build()


def frames_needed(graph: Graph) -> list[int]:
    """Frames of each tensor that one output frame depends on, the input's up to its window."""
    needed = [0] * len(graph.ops) + [1]
    for index in reversed(range(len(graph.ops))):
        for operand, source in enumerate(graph.ops[index].inputs):
            needed[source] = max(needed[source], sum(reads(graph.ops[index], operand, needed[index + 1])))
    return needed


def reads(op: Op, operand: int, outputs: int) -> tuple[int, int]:
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
    pcm
        Whether its input is int16 PCM, which a table inside turns into codes, or the codes themselves.
    frames
        Of each tensor, those that its operator makes.
    available
        Of each tensor, those that its readers find.
    tensors
        The file's tensor of each of the graph's, as far as they are written.
    """

    graph: Graph
    pcm: bool = False

    def __post_init__(self) -> None:
        graph = self.graph
        self.frames = [graph.window, *frames_needed(graph)[1:]]
        self.available = self.frames
        self.writer = Writer()
        self.tensors: list[int] = []

    def build(self) -> bytes:
        """The bytes of the file."""
        waveform, heard = self.hear(self.graph.window)
        self.tensors.append(heard)
        for index in range(len(self.graph.ops)):
            self.tensors.append(self.write(index))
        return self.writer.build([waveform], [self.controls(self.tensors[-1])])

    def hear(self, samples: int) -> tuple[int, int]:
        """The file's input, and what of it the first operators read: [1, 1, samples, 1]."""
        if not self.pcm:
            waveform = self.activation("waveform", [1, samples, 1], 0)
            return waveform, self._reshaped(waveform, "waveform/frames", [1, 1, samples, 1], 0)
        waveform = self.writer.tensor("waveform", [1, samples, 1], None, "INT16")
        index = self.writer.tensor("waveform/wide", [1, samples, 1], None, "INT32")
        self.writer.op("CAST", [waveform], index)
        row = self.writer.tensor("waveform/row", [1, samples, 1], None, "INT32")
        self.writer.op("ADD", [index, self.writer.integers("waveform/zero", [FULL_SCALE])], row, "AddOptions")
        companded = self.activation("waveform/companded", [1, samples, 1], 0)
        quant = np.array([quant_of(self.graph, 0).scale], np.float32)
        table = self.writer.constant("waveform/companding", self.companding(), quant)
        self.writer.op("GATHER", [table, row], companded, "GatherOptions", axis=0)
        return waveform, self._reshaped(companded, "waveform/frames", [1, 1, samples, 1], 0)

    def companding(self) -> NDArray:
        """The code of each int16 sample, from -32768 on."""
        samples = np.arange(-FULL_SCALE, FULL_SCALE).astype(np.int16)
        return encode(samples, self.graph.companding)

    def activation(self, name: str, shape: Sequence[int], index: int) -> int:
        """A tensor of the file that holds values of the graph's tensor `index`."""
        return self.writer.tensor(name, shape, quant_of(self.graph, index))

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
        target = self.activation(name, [1, 1, frames, channels], index)
        begin = self.writer.integers(f"{name}/begin", [0, 0, oldest, 0])
        size = self.writer.integers(f"{name}/size", [1, 1, frames, channels])
        self.writer.op("SLICE", [source, begin, size], target)
        return target

    def _made(self, index: int, part: str = "output", frames: int = 0) -> int:
        """A tensor like the one that operator ``index - 1`` makes, of all its frames unless told how many."""
        tensor, op = self.graph.tensors[index], self.graph.ops[index - 1]
        shape = [1, 1, frames or self.frames[index], tensor.channels]
        return self.activation(f"{_name(op)}/{part}", shape, index)

    def _limited(self, op: Conv | Add | Map, index: int, write: Callable[[int, int], None]) -> int:
        """What ``write(output, activation)`` writes, with the operator's limits: fused, or as an operator behind it.

        Between two equal scales TFLite's ReLU of any kind only limits, so that both ways give the same codes.
        """
        output = self._made(index)
        if op.clamp in _FUSED:
            write(output, _FUSED[op.clamp])
            return output
        unlimited = self._made(index, "unlimited")
        write(unlimited, _FUSED[Clamp.NONE])
        self.limit(op, unlimited, output, index)
        return output

    def limit(self, op: Conv | Add | Map, source: int, output: int, index: int) -> None:
        """Limit `source` as the operator says; both are of tensor `index`'s scale, unless the operator is a `Map`."""
        self.writer.op(_CLAMPS[op.clamp], [source], output)

    def _frame_by_frame(
        self, op: Conv | Mean, index: int, source: int, output: int, write: Callable[[int, int], None]
    ) -> None:
        """``write(seen, made)``, which makes one frame of `kernel`, for every frame of `output`."""
        if self.frames[index] == 1:
            return write(source, output)
        made = []
        for frame in range(self.frames[index]):
            seen = self.slice(source, f"{_name(op)}/frames{frame}", op.input, frame, op.kernel)
            made.append(self._made(index, f"output{frame}", 1))
            write(seen, made[-1])
        self.join(made, output)

    def join(self, parts: Sequence[int], target: int) -> None:
        """One tensor's frames behind the other's."""
        self.writer.op("CONCATENATION", parts, target, "ConcatenationOptions", axis=2)

    def _reshaped(self, source: int, name: str, shape: Sequence[int], index: int) -> int:
        """The frames of tensor `index` in another shape."""
        target = self.activation(name, shape, index)
        self.writer.reshape(source, target, shape)
        return target

    def _read(self, op: Op, operand: int, index: int) -> int:
        """What `op`, which makes tensor `index`, reads of its operand: all of it, or a slice."""
        source = op.inputs[operand]
        wanted, newer = reads(op, operand, self.frames[index])
        oldest = self.available[source] - wanted - newer
        if oldest == 0 and newer == 0:
            return self.tensors[source]
        return self.slice(self.tensors[source], f"{_name(op)}/input{operand}", source, oldest, wanted)

    def conv(self, op: Conv, index: int) -> int:
        source = self._read(op, 0, index)
        if op.rounding is Rounding.FLOATING:
            return self._fully_connected(op, source, index)
        weights = self._weights(op, op.weight[:, None], index)
        options = {"padding": _VALID, "strideW": op.stride, "strideH": 1, "dilationWFactor": op.dilation}
        options |= {"dilationHFactor": 1}

        def write(output: int, activation: int) -> None:
            options["fusedActivationFunction"] = activation
            self.writer.op("CONV_2D", [source, *weights], output, "Conv2DOptions", **options)

        return self._limited(op, index, write)

    def _fully_connected(self, op: Conv, source: int, index: int) -> int:
        """One matrix product of all frames where each reads a single one, or else one product a frame."""
        if op.stride > 1 or op.dilation > 1:
            raise BadInput(self.graph.name, f"layer {op.name} is no FULLY_CONNECTED, but rounds like one")
        rows, features = self.frames[index] if op.kernel == 1 else 1, op.kernel * op.in_channels
        weights = self._weights(op, op.weight.reshape(op.out_channels, features), index)

        def write(output: int, activation: int) -> None:
            def multiply(seen: int, target: int) -> None:
                flat = self._reshaped(seen, f"{_name(op)}/flat", [rows, features], op.input)
                made = self.activation(f"{_name(op)}/rows", [rows, op.out_channels], index)
                fused = {"fusedActivationFunction": activation}
                self.writer.op("FULLY_CONNECTED", [flat, *weights], made, "FullyConnectedOptions", **fused)
                self.writer.reshape(made, target, [1, 1, rows, op.out_channels])

            if op.kernel == 1:
                multiply(source, output)
            else:
                self._frame_by_frame(op, index, source, output, multiply)

        return self._limited(op, index, write)

    def _weights(self, op: Conv, weight: NDArray, index: int) -> list[int]:
        if op.weight_scale is None:
            raise BadInput(self.graph.name, f"layer {op.name} has float weights", "quantise the graph first")
        bias_scale = np.float32(quant_of(self.graph, op.input).scale) * op.weight_scale
        weights = self.writer.constant(f"{_name(op)}/weights", weight, op.weight_scale)
        return [weights, self.writer.constant(f"{_name(op)}/bias", op.bias, bias_scale)]

    def add(self, op: Add, index: int) -> int:
        return self._sum(op, [self._read(op, 0, index), self._read(op, 1, index)], index)

    def _sum(self, op: Add | Map, operands: Sequence[int], index: int) -> int:
        def write(output: int, activation: int) -> None:
            self.writer.op("ADD", operands, output, "AddOptions", fusedActivationFunction=activation)

        return self._limited(op, index, write)

    def mean(self, op: Mean, index: int) -> int:
        axes = self.writer.integers(f"{_name(op)}/axes", [2])

        def write(seen: int, output: int) -> None:
            self.writer.op("MEAN", [seen, axes], output, "ReducerOptions", keepDims=True)

        output = self._made(index)
        self._frame_by_frame(op, index, self._read(op, 0, index), output, write)
        return output

    def map(self, op: Map, index: int) -> int:
        source = self._read(op, 0, index)
        if op.function is Function.ADD_CONSTANT and op.addend_quant is not None:
            constant = self.writer.code(f"{_name(op)}/addend", op.addend, op.addend_quant)
            return self._sum(op, [source, constant], index)
        output = self._made(index)
        if op.function is Function.REQUANTISE:
            self.limit(op, source, output, index)
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
