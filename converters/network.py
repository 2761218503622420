"""A model as its file describes it: typed nodes over values with shapes, before streaming is thought of.

Frontends build a `Network`; passes rewrite it until only computing nodes are left, each reading frames of what
another node computed; `lower` turns it into a `Graph`. Shapes include the batch dimension, which is 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from facelite.graph import Clamp, Function, Quant, Rounding
from numpy.typing import NDArray

SUPPORTED = (
    "1-D convolution without padding (any kernel, stride, dilation), fully connected, residual add, cropping in time, "
    "mean over time, scale and shift of a channel, ReLU, ReLU6, LeakyReLU, sigmoid, tanh, reshape, transpose, int8 to "
    "int8 quantise"
)
"""What a student may be made of, in words for error messages."""


@dataclass(frozen=True)
class Value:
    """What flows along an edge."""

    name: str
    shape: tuple[int, ...]
    quant: Quant | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True)
class Operand:
    """How a node reads a value.

    Attributes
    ----------
    value
        Index of the value.
    delay, frames, channels
        Once views are absorbed: newest frames of the value left out, how many frames before those are read, and
        the size of a frame.
    channels_first
        Once views are absorbed: the node numbers what it reads channel by channel, not frame by frame.
    """

    value: int
    delay: int = 0
    frames: int = 0
    channels: int = 0
    channels_first: bool = False


@dataclass(frozen=True, eq=False)
class Node:
    """An operation: `kind` is its name in the file, `name` the layer's."""

    kind: str
    name: str
    inputs: tuple[Operand, ...]
    output: int


@dataclass(frozen=True, eq=False)
class Weighted(Node):
    """A node with weights, and a bias a channel.

    Attributes
    ----------
    weight
        int8, or float32.
    bias
        int32 in steps of input scale times weight scale, or real values as float64: in a float network, and in a
        quantised one until `settle_scales` knows the input's scale.
    weight_scale
        float32, one a channel; None for float weights.
    """

    weight: NDArray = field(default_factory=lambda: np.zeros((0, 0, 0), np.int8))
    bias: NDArray = field(default_factory=lambda: np.zeros(0, np.int32))
    weight_scale: NDArray[np.float32] | None = None
    clamp: Clamp = Clamp.NONE


@dataclass(frozen=True, eq=False)
class Convolution(Weighted):
    """Convolution over time without padding; `weight` is [out_channels, kernel, in_channels]."""

    stride: int = 1
    dilation: int = 1
    rounding: Rounding = Rounding.FIXED


@dataclass(frozen=True, eq=False)
class Dense(Weighted):
    """Matrix product over the last features of its input, flattened; `weight` is [out_channels, features]."""


@dataclass(frozen=True, eq=False)
class Sum(Node):
    """Elementwise sum of two values of one shape."""

    clamp: Clamp = Clamp.NONE


@dataclass(frozen=True, eq=False)
class Average(Node):
    """Mean over `axes`."""

    axes: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Pointwise(Node):
    """A function of each element."""

    function: Function = Function.REQUANTISE
    alpha: float = 0.0
    clamp: Clamp = Clamp.NONE
    addend: int = 0
    addend_quant: Quant | None = None


@dataclass(frozen=True, eq=False)
class Affine(Node):
    """``scale * x + shift`` in float64, one pair for each element of the last axis, or one for all."""

    scale: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    shift: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))


@dataclass(frozen=True, eq=False)
class Reshape(Node):
    """The same elements in the same order in another shape."""


@dataclass(frozen=True, eq=False)
class Transpose(Node):
    """Axis number i of the output is axis ``permutation[i]`` of the input."""

    permutation: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Pad(Node):
    """Zero frames at both ends of the time axis, which is the last but one."""

    before: int = 0
    after: int = 0


@dataclass(frozen=True, eq=False)
class Crop(Node):
    """Elements `start` to `stop` of one axis."""

    axis: int = 0
    start: int = 0
    stop: int = 0


@dataclass(frozen=True, eq=False)
class SpaceToBatch(Node):
    """Every `block`-th frame becomes a batch element, after `pad` zero frames at the newest end."""

    block: int = 1
    pad: int = 0


@dataclass(frozen=True, eq=False)
class BatchToSpace(Node):
    """Undoes `SpaceToBatch`, then drops `crop` frames at the newest end."""

    block: int = 1
    crop: int = 0


@dataclass(frozen=True, eq=False)
class Refused(Node):
    """An operation with no place in a student, and why."""

    problem: str = ""


@dataclass(frozen=True, eq=False)
class Network:
    """A model: one waveform in, one frame of controls out.

    Attributes
    ----------
    source
        The file, for messages.
    values
        Every value; constants are not among them but inside the nodes that use them.
    nodes
        In an order in which every value is made before it is read.
    input, output
        Indices of the two values that the caller sees.
    """

    source: str
    values: tuple[Value, ...]
    nodes: tuple[Node, ...]
    input: int
    output: int

    @property
    def quantised(self) -> bool:
        """Whether its values are int8 codes; a float network has no scale anywhere."""
        return any(value.quant is not None for value in self.values)

    def readers(self, value: int) -> list[Node]:
        """The nodes that read a value."""
        return [node for node in self.nodes if any(operand.value == value for operand in node.inputs)]
