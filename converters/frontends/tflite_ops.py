"""What each TFLite operator means as a network node; one function an operator, in one registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from facelite.graph import Clamp, Function, Quant
from numpy.typing import NDArray

from ..network import (
    Average,
    BatchToSpace,
    Convolution,
    Crop,
    Dense,
    Node,
    Operand,
    Pointwise,
    Reshape,
    SpaceToBatch,
    Sum,
)
from .flatbuffer import RawOperator, RawTensor


class Refusal(Exception):
    """Why an operator has no place in a student, in words."""


def quant_of(tensor: RawTensor) -> Quant | None:
    """int8 parameters of an activation, or None where it has none that the IR can hold."""
    if tensor.type != "INT8" or len(tensor.scales) != 1 or len(tensor.zero_points) != 1:
        return None
    scale, zero_point = tensor.scales[0], int(tensor.zero_points[0])
    if not (np.isfinite(scale) and scale >= np.finfo(np.float32).tiny and -128 <= zero_point <= 127):
        return None
    return Quant(float(scale), zero_point)


@dataclass(frozen=True)
class Scope:
    """An operator among the tensors of its file."""

    tensors: tuple[RawTensor, ...]
    operator: RawOperator

    def activations(self) -> tuple[int, ...]:
        """Inputs that are computed, not constant, in order; integer ones, such as shapes, left out."""
        return tuple(
            index
            for index in self.operator.inputs
            if index >= 0 and self.tensors[index].data is None and self.tensors[index].type not in ("INT32", "INT64")
        )

    def operands(self, count: int) -> tuple[Operand, ...]:
        """The operator's `count` computed int8 inputs, its output checked to be int8 too."""
        found = self.activations()
        if len(found) != count:
            raise Refusal(f"{len(found)} computed inputs, not {count}")
        for index in (*found, self.operator.outputs[0]):
            if self.tensors[index].type != "INT8":
                raise Refusal(f"{self.tensors[index].type} values; only full-int8 models are taken")
            if quant_of(self.tensors[index]) is None:
                raise Refusal("a tensor without one positive int8 scale")
        return tuple(Operand(index) for index in found)

    def tensor(self, position: int) -> RawTensor | None:
        """Input number `position`, or None when it is left out."""
        inputs = self.operator.inputs
        return self.tensors[inputs[position]] if position < len(inputs) and inputs[position] >= 0 else None

    def integers(self, position: int) -> list[int]:
        """Elements of a constant integer input."""
        tensor = self.tensor(position)
        if tensor is None or tensor.data is None or tensor.type not in ("INT32", "INT64"):
            raise Refusal(f"input {position} is not a constant")
        return _constant(tensor, np.int32 if tensor.type == "INT32" else np.int64).ravel().tolist()

    @property
    def output(self) -> int:
        return self.operator.outputs[0]

    @property
    def clamp(self) -> Clamp:
        code = self.operator.options["FusedActivationFunction"]
        if code not in _FUSED:
            raise Refusal(f"fused activation {code}; only ReLU, ReLU6 and ReLU-1..1 can be fused")
        return _FUSED[code]


_FUSED = {0: Clamp.NONE, 1: Clamp.RELU, 2: Clamp.RELU_N1_TO_1, 3: Clamp.RELU6}
"""schema.fbs, ActivationFunctionType."""

_VALID = 1
"""schema.fbs, Padding."""

TRANSLATORS: dict[str, Callable[[Scope, str], Node]] = {}


def _translates(code: str) -> Callable:
    def register(function: Callable[[Scope, str], Node]) -> Callable[[Scope, str], Node]:
        if code in TRANSLATORS:
            raise ValueError(f"{code} is translated twice")
        TRANSLATORS[code] = function
        return function

    return register


_RECURRENT = ("LSTM", "RNN", "WHILE", "SVDF", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL")
_ATTENTION = ("BATCH_MATMUL",)


def refusal_of(code: str) -> str:
    """Why an operator without a translator is refused."""
    if any(word in code for word in _RECURRENT):
        return "recurrence, or state kept between calls"
    if "SOFTMAX" in code:
        return "softmax, as in attention: it weighs values by what the window itself holds"
    if any(word in code for word in _ATTENTION):
        return "attention: it looks at the whole window"
    if code in ("MUL", "SUB"):
        return "a scaling or normalisation that was not folded into its convolution"
    if code in ("PAD", "PADV2", "MIRROR_PAD"):
        return "padding inside the window, which a stream has no equal of"
    return "not an operator of a student"


@_translates("CONV_2D")
def _conv(scope: Scope, name: str) -> Node:
    operands = scope.operands(1)
    options = scope.operator.options
    weight, scale, bias = _weights(scope, rank=4)
    image = scope.tensors[operands[0].value].shape
    if len(image) != 4 or (image[0] != 1 and image[1] != 1 and image[2] != 1):
        raise Refusal("convolution over two dimensions")
    # Time is the axis that the kernel or the signal extends along; the other one has size 1.
    along_width = image[1] == 1 and weight.shape[1] == 1
    if not along_width and (image[2] != 1 or weight.shape[2] != 1):
        raise Refusal("convolution over two dimensions")
    axis = "W" if along_width else "H"
    kernel = weight.reshape(weight.shape[0], -1, weight.shape[3])
    stride, dilation = options[f"Stride{axis}"], options[f"Dilation{axis}Factor"]
    if stride < 1 or dilation < 1:
        raise Refusal(f"stride {stride}, dilation {dilation}")
    if options["Padding"] != _VALID and (kernel.shape[1] > 1 or stride > 1):
        raise Refusal("padding SAME: padding inside the window, which a stream has no equal of")
    if kernel.shape[2] != image[3]:
        raise Refusal("grouped convolution")
    return Convolution(
        "CONV_2D", name, operands, scope.output, kernel, bias, scale, scope.clamp, stride=stride, dilation=dilation
    )


@_translates("FULLY_CONNECTED")
def _dense(scope: Scope, name: str) -> Node:
    operands = scope.operands(1)
    if scope.operator.options["WeightsFormat"] != 0:
        raise Refusal("shuffled weights")
    weight, scale, bias = _weights(scope, rank=2)
    return Dense("FULLY_CONNECTED", name, operands, scope.output, weight, bias, scale, scope.clamp)


@_translates("ADD")
def _add(scope: Scope, name: str) -> Node:
    if len(scope.activations()) == 1:
        return _add_constant(scope, name)
    return Sum("ADD", name, scope.operands(2), scope.output, scope.clamp)


def _add_constant(scope: Scope, name: str) -> Node:
    """One number added to every value, a table: TFLiteConverter leaves the bias of a single output channel so."""
    operands = scope.operands(1)
    given = [scope.tensors[index] for index in scope.operator.inputs if index >= 0]
    constants = [tensor for tensor in given if tensor.data is not None]
    if len(constants) != 1:
        raise Refusal(f"{len(constants)} constants where one is added")
    constant = constants[0]
    codes, quant = _constant(constant, np.int8) if constant.type == "INT8" else np.zeros(0), quant_of(constant)
    if codes.size == 0 or quant is None or np.any(codes != codes.flat[0]):
        raise Refusal("adds a constant that differs by channel: a bias that was not folded into its convolution")
    function, code = Function.ADD_CONSTANT, int(codes.flat[0])
    return Pointwise("ADD", name, operands, scope.output, function, 0.0, scope.clamp, code, quant)


@_translates("MEAN")
def _mean(scope: Scope, name: str) -> Node:
    operands = scope.operands(1)
    rank = len(scope.tensors[operands[0].value].shape)
    return Average("MEAN", name, operands, scope.output, tuple(axis % max(rank, 1) for axis in scope.integers(1)))


def _pointwise(code: str, function: Function, clamp: Clamp = Clamp.NONE) -> None:
    def translate(scope: Scope, name: str) -> Node:
        alpha = float(scope.operator.options.get("Alpha", 0.0))
        if not np.isfinite(alpha) or alpha < 0:
            raise Refusal(f"slope {alpha}")
        return Pointwise(code, name, scope.operands(1), scope.output, function, alpha, clamp)

    _translates(code)(translate)


_pointwise("LEAKY_RELU", Function.LEAKY_RELU)
_pointwise("LOGISTIC", Function.SIGMOID)
_pointwise("TANH", Function.TANH)
_pointwise("QUANTIZE", Function.REQUANTISE)
_pointwise("RELU", Function.REQUANTISE, Clamp.RELU)
_pointwise("RELU6", Function.REQUANTISE, Clamp.RELU6)
_pointwise("RELU_N1_TO_1", Function.REQUANTISE, Clamp.RELU_N1_TO_1)
_pointwise("RELU_0_TO_1", Function.REQUANTISE, Clamp.RELU_0_TO_1)


@_translates("RESHAPE")
def _reshape(scope: Scope, name: str) -> Node:
    operands = scope.operands(1)
    source, target = scope.tensors[operands[0].value], scope.tensors[scope.output]
    if np.prod(source.shape) != np.prod(target.shape):
        raise Refusal(f"{list(source.shape)} cannot become {list(target.shape)}")
    return Reshape(scope.operator.code, name, operands, scope.output)


_translates("EXPAND_DIMS")(_reshape)
_translates("SQUEEZE")(_reshape)


@_translates("STRIDED_SLICE")
def _strided_slice(scope: Scope, name: str) -> Node:
    operands = scope.operands(1)
    options = scope.operator.options
    if options["EllipsisMask"] or options["NewAxisMask"] or options["Offset"]:
        raise Refusal("ellipsis, new axes and offsets in a slice")
    if any(step != 1 for step in scope.integers(3)):
        raise Refusal("a slice with steps")
    shape = scope.tensors[operands[0].value].shape
    begins, ends = scope.integers(1), scope.integers(2)
    if len(begins) != len(ends) or len(begins) > len(shape):
        raise Refusal("a slice of more axes than there are")
    ranges = []
    for axis, size in enumerate(shape):
        start, stop = (begins[axis], ends[axis]) if axis < len(begins) else (0, size)
        squeezed = bool(options["ShrinkAxisMask"] >> axis & 1)
        start = 0 if options["BeginMask"] >> axis & 1 else start + size * (start < 0)
        stop = start + 1 if squeezed else size if options["EndMask"] >> axis & 1 else stop + size * (stop < 0)
        ranges.append((start, min(stop, size), squeezed))
    return _crop(scope, name, operands, ranges)


@_translates("SLICE")
def _slice(scope: Scope, name: str) -> Node:
    operands = scope.operands(1)
    shape = scope.tensors[operands[0].value].shape
    begins, sizes = scope.integers(1), scope.integers(2)
    if len(begins) != len(shape) or len(sizes) != len(shape):
        raise Refusal("a slice of other axes than there are")
    ends = [size if length == -1 else start + length for start, length, size in zip(begins, sizes, shape, strict=True)]
    return _crop(scope, name, operands, [(start, stop, False) for start, stop in zip(begins, ends, strict=True)])


def _crop(scope: Scope, name: str, operands: tuple[Operand, ...], ranges: list[tuple[int, int, bool]]) -> Node:
    shape = scope.tensors[operands[0].value].shape
    if any(not 0 <= start < stop <= size for (start, stop, _), size in zip(ranges, shape, strict=True)):
        raise Refusal("a slice outside of its input")
    cropped = [axis for axis, (start, stop, squeeze) in enumerate(ranges) if squeeze or stop - start != shape[axis]]
    if not cropped:
        return Reshape(scope.operator.code, name, operands, scope.output)
    if len(cropped) > 1:
        raise Refusal("a slice of several axes")
    start, stop, _ = ranges[cropped[0]]
    return Crop(scope.operator.code, name, operands, scope.output, cropped[0], start, stop)


@_translates("SPACE_TO_BATCH_ND")
def _space_to_batch(scope: Scope, name: str) -> Node:
    operands = scope.operands(1)
    block, pad = _block(scope)
    return SpaceToBatch("SPACE_TO_BATCH_ND", name, operands, scope.output, block, pad)


@_translates("BATCH_TO_SPACE_ND")
def _batch_to_space(scope: Scope, name: str) -> Node:
    operands = scope.operands(1)
    block, crop = _block(scope)
    return BatchToSpace("BATCH_TO_SPACE_ND", name, operands, scope.output, block, crop)


def _block(scope: Scope) -> tuple[int, int]:
    blocks, margins = scope.integers(1), scope.integers(2)
    if len(blocks) != 1 or len(margins) != 2 or blocks[0] < 1 or margins[0] != 0 or margins[1] < 0:
        raise Refusal("frames dealt out otherwise than for a dilated convolution over time")
    return blocks[0], margins[1]


def _weights(scope: Scope, rank: int) -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.int32]]:
    """Weights, their scale and the bias of each output channel."""
    tensor = scope.tensor(1)
    if tensor is None or tensor.data is None or tensor.type != "INT8":
        raise Refusal(f"weights are not int8 constants but {tensor.type if tensor else 'missing'}")
    if len(tensor.shape) != rank or 0 in tensor.shape:
        raise Refusal(f"weights of shape {list(tensor.shape)}")
    weight = _constant(tensor, np.int8)
    channels = weight.shape[0]
    if len(tensor.scales) not in (1, channels) or (len(tensor.scales) > 1 and tensor.axis != 0):
        raise Refusal(f"{len(tensor.scales)} weight scales along axis {tensor.axis}")
    if not np.all(np.isfinite(tensor.scales) & (tensor.scales >= np.finfo(np.float32).tiny)):
        raise Refusal("a weight scale that is not a positive number")
    if np.any(tensor.zero_points) or np.any(weight == -128):
        raise Refusal("weights that are not symmetric (zero point 0, codes -127..127)")
    return weight, np.broadcast_to(tensor.scales, channels).copy(), _bias(scope, channels)


def _bias(scope: Scope, channels: int) -> NDArray[np.int32]:
    tensor = scope.tensor(2)
    if tensor is None:
        return np.zeros(channels, np.int32)
    if tensor.data is None or tensor.type != "INT32":
        raise Refusal(f"bias is not an int32 constant but {tensor.type}")
    bias = _constant(tensor, np.int32)
    if bias.size != channels:
        raise Refusal(f"{bias.size} biases for {channels} channels")
    return bias.reshape(channels)


def _constant(tensor: RawTensor, dtype: type) -> NDArray:
    expected = int(np.prod(tensor.shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if tensor.data is None or len(tensor.data) != expected:
        raise Refusal(f"constant {tensor.name} holds {0 if tensor.data is None else len(tensor.data)} bytes")
    return np.frombuffer(tensor.data.tobytes(), np.dtype(dtype).newbyteorder("<")).reshape(tensor.shape)
