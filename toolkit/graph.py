"""The intermediate representation: a student as operators over causal, end-aligned sequences.

Every tensor is a sequence of frames, each of `channels` values; tensor 0 is the input waveform and operator
``i`` makes tensor ``i + 1``. Sequences are aligned at their newest frame, so the same graph describes a window
and an endless stream. `delay` counts the newest frames of an input that an operator leaves out. docs/ir.md
states the arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from .companding import Curve


class Clamp(str, Enum):
    """Activation that an operator applies by limiting its output; in int8 it is exactly two integer bounds."""

    NONE = "none"
    RELU = "relu"
    RELU6 = "relu6"
    RELU_0_TO_1 = "relu_0_to_1"
    RELU_N1_TO_1 = "relu_n1_to_1"

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound in real units."""
        return _BOUNDS[self]


_BOUNDS = {
    Clamp.NONE: (-np.inf, np.inf),
    Clamp.RELU: (0.0, np.inf),
    Clamp.RELU6: (0.0, 6.0),
    Clamp.RELU_0_TO_1: (0.0, 1.0),
    Clamp.RELU_N1_TO_1: (-1.0, 1.0),
}


class Function(str, Enum):
    """Elementwise functions; in int8 each is a table of 256 entries."""

    LEAKY_RELU = "leaky_relu"
    SIGMOID = "sigmoid"
    TANH = "tanh"
    REQUANTISE = "requantise"
    ADD_CONSTANT = "add_constant"


class Rounding(str, Enum):
    """How a convolution's accumulator becomes an output code (docs/ir.md): LiteRT's two reference rules."""

    FIXED = "fixed"
    """Q31 multiplier and shift, rounded twice: CONV_2D."""
    FLOATING = "floating"
    """One IEEE double product, rounded half away from zero: FULLY_CONNECTED."""


@dataclass(frozen=True)
class Quant:
    """Affine int8 quantisation of a tensor: ``real = scale * (code - zero_point)``; `scale` is a float32 value."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class Tensor:
    """A sequence of frames.

    Attributes
    ----------
    name
        Name in the file the graph came from.
    channels
        Values in a frame.
    stride
        Input samples between two frames.
    quant
        int8 parameters, or None in a float graph.
    """

    name: str
    channels: int
    stride: int
    quant: Quant | None = None


@dataclass(frozen=True, eq=False)
class Conv:
    """``y[t, o] = clamp(bias[o] + sum_k,c weight[o, k, c] * x[t*stride + k*dilation, c])``, no padding.

    Attributes
    ----------
    name, input
        Layer name; index of the input tensor.
    weight
        float32 or int8 (-127..127) [out_channels, kernel, in_channels].
    bias
        float32, or int32 at scale ``input scale * weight_scale[o]``, [out_channels].
    weight_scale
        float32 [out_channels] in an int8 graph, else None; weight zero points are 0.
    stride, dilation
        In frames of the input.
    delay
        Newest input frames left out.
    rounding
        Rule by which an int8 graph requantises the accumulator.
    """

    name: str
    input: int
    weight: NDArray
    bias: NDArray
    stride: int = 1
    dilation: int = 1
    delay: int = 0
    clamp: Clamp = Clamp.NONE
    weight_scale: NDArray[np.float32] | None = None
    rounding: Rounding = Rounding.FIXED

    @property
    def out_channels(self) -> int:
        return int(self.weight.shape[0])

    @property
    def kernel(self) -> int:
        return int(self.weight.shape[1])

    @property
    def in_channels(self) -> int:
        return int(self.weight.shape[2])

    @property
    def span(self) -> int:
        """Input frames between the oldest and the newest that one output sees, both included."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def inputs(self) -> tuple[int, ...]:
        return (self.input,)


@dataclass(frozen=True)
class Add:
    """``y[t] = clamp(a[t] + b[t])`` over two tensors of equal stride and channels, each with its own delay."""

    name: str
    input: int
    other: int
    delay: int = 0
    other_delay: int = 0
    clamp: Clamp = Clamp.NONE

    @property
    def inputs(self) -> tuple[int, ...]:
        return (self.input, self.other)


@dataclass(frozen=True)
class Mean:
    """``y[t] = mean of the last kernel frames of x``, per channel: global average pooling inside a window."""

    name: str
    input: int
    kernel: int
    delay: int = 0

    @property
    def inputs(self) -> tuple[int, ...]:
        return (self.input,)


@dataclass(frozen=True)
class Map:
    """``y = clamp(function(x))`` value by value.

    Attributes
    ----------
    alpha
        LeakyReLU's slope for negative values.
    addend, addend_quant
        Code that ADD_CONSTANT adds, and what it means: TFLite keeps the constant as an int8 tensor of its own.
    """

    name: str
    input: int
    function: Function
    alpha: float = 0.0
    clamp: Clamp = Clamp.NONE
    addend: int = 0
    addend_quant: Quant | None = None

    @property
    def inputs(self) -> tuple[int, ...]:
        return (self.input,)


Op = Conv | Add | Mean | Map


@dataclass(frozen=True, eq=False)
class Graph:
    """A whole student.

    Attributes
    ----------
    name
        Short name, ASCII.
    sample_rate
        Hz of the waveform it hears.
    window, lookahead
        Samples a windowed runtime is given for one frame, and how many of them lie in the future.
    controls
        One name for each output channel.
    tensors
        ``len(ops) + 1`` of them; the last is the output.
    ops
        In an order in which every input comes first.
    companding
        Curve by which int16 PCM becomes the input's codes (facelite.companding).
    smoothing
        Whether a stream averages three frames by default.
    """

    name: str
    sample_rate: int
    window: int
    lookahead: int
    controls: tuple[str, ...]
    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    companding: Curve = "mulaw"
    smoothing: bool = False

    @property
    def hop(self) -> int:
        """Samples between two output frames: the product of the strides."""
        return self.tensors[-1].stride

    @property
    def quantised(self) -> bool:
        return self.tensors[0].quant is not None

    @property
    def receptive_field(self) -> int:
        """Samples, newest one of the window included, that an output frame can depend on."""
        return max(reach(self)) + 1

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(op.weight.size + op.bias.size for op in self.ops if isinstance(op, Conv))

    @property
    def macs_per_hop(self) -> int:
        """Multiply-accumulates of the convolutions for one hop of a stream."""
        return sum(op_macs(self, index) for index in range(len(self.ops)))


def op_macs(graph: Graph, index: int) -> int:
    """Multiply-accumulates of operator `index` for one hop of a stream."""
    op = graph.ops[index]
    if not isinstance(op, Conv):
        return 0
    return op.weight.size * (graph.hop // graph.tensors[index + 1].stride)


def history(op: Op, operand: int) -> int:
    """Frames older than the newest that `op` reads of its operand number `operand` (0 or 1), for one output."""
    if isinstance(op, Conv):
        return op.span - 1 + op.delay
    if isinstance(op, Mean):
        return op.kernel - 1 + op.delay
    if isinstance(op, Add):
        return op.other_delay if operand else op.delay
    return 0


def reach(graph: Graph) -> tuple[int, ...]:
    """For each tensor, how many samples before the newest one its newest frame's oldest sample lies."""
    reached = [0]
    for op in graph.ops:
        reached.append(
            max(
                reached[source] + history(op, operand) * graph.tensors[source].stride
                for operand, source in enumerate(op.inputs)
            )
        )
    return tuple(reached)
