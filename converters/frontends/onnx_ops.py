"""ONNX operators that compute; one function an operator.

ONNX keeps channels before time. Each translator writes its node in our order, frames of channels, with transposes
around it; `absorb_views` takes those away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from facelite.graph import Clamp, Function
from numpy.typing import NDArray

from ..network import Affine, Average, Convolution, Dense, Pad, Pointwise, Sum
from .onnx_file import MAX_ELEMENTS
from .onnx_registry import translates
from .onnx_scope import Codes, Refusal, Scope


@dataclass(frozen=True)
class _Window:
    """How a convolution or a pooling steps along time: numbers of frames."""

    kernel: int
    stride: int
    dilation: int
    before: int
    after: int

    def frames(self, given: int) -> int:
        """Outputs for `given` frames."""
        return (given + self.before + self.after - (self.kernel - 1) * self.dilation - 1) // self.stride + 1


@translates("Conv")
def _conv(scope: Scope) -> None:
    source = scope.value()
    shape = scope.shape(source)
    time = _time_axis(shape)
    weight, scale = _weights(scope)
    if weight.ndim != len(shape) or any(weight.shape[axis] != 1 for axis in range(2, len(shape)) if axis != time):
        raise Refusal(f"weights {list(weight.shape)}: convolution over two dimensions")
    weight = weight.reshape(weight.shape[0], weight.shape[1], -1)
    window = _window(scope, shape, time, weight.shape[2])
    weight = _ungrouped(weight, scope.attribute("group", 1), shape[1])
    _convolve(scope, source, time, window, weight.transpose(0, 2, 1), scale, _bias(scope, 2, len(weight)))


def _convolve(
    scope: Scope,
    source: int,
    time: int,
    window: _Window,
    weight: NDArray,
    scale: NDArray[np.float32] | None,
    bias: NDArray[np.float64],
) -> None:
    """A convolution along axis `time` of a value whose axis 1 holds the channels."""
    shape = scope.shape(source)
    to_last = [axis for axis in range(len(shape)) if axis not in (1, time)] + [time, 1]
    value = scope.transpose(source, to_last)
    batch = scope.shape(value)[:-2]
    if window.before or window.after:
        padded = [*batch, shape[time] + window.before + window.after, shape[1]]
        value = scope.emit(Pad, [value], padded, before=window.before, after=window.after)
    frames = window.frames(shape[time])
    if frames < 1:
        raise Refusal(f"a kernel of {window.kernel} frames, dilation {window.dilation}, over {shape[time]} frames")
    fields = {"weight": weight, "bias": bias, "weight_scale": scale}
    steps = {"stride": window.stride, "dilation": window.dilation}
    value = scope.emit(Convolution, [value], [*batch, frames, len(weight)], **fields, **steps)
    scope.gives(scope.transpose(value, np.argsort(to_last).tolist()))


@translates("Gemm")
def _gemm(scope: Scope) -> None:
    source = scope.value()
    shape = scope.shape(source)
    weight, scale = _weights(scope)
    if len(shape) != 2 or weight.ndim != 2 or scope.attribute("transA", 0):
        raise Refusal(f"a matrix product of {list(shape)} and {list(weight.shape)}")
    weight = weight if scope.attribute("transB", 0) else weight.T
    alpha, beta = scope.attribute("alpha", 1.0), scope.attribute("beta", 1.0)
    if scale is None:
        weight = weight * np.float32(alpha)
    elif alpha != 1:
        raise Refusal(f"alpha {alpha} on int8 weights")
    _dense(scope, source, weight, scale, _bias(scope, 2, len(weight)) * beta)


@translates("MatMul")
def _matmul(scope: Scope) -> None:
    if scope.is_computed(0) and scope.is_computed(1):
        raise Refusal("the product of two computed tensors, as in attention")
    source = scope.value()
    weight, scale = _weights(scope)
    if math.prod(weight.shape[:-2]) != 1 or weight.ndim < 2:
        raise Refusal(f"weights of shape {list(weight.shape)}")
    weight = weight.reshape(weight.shape[-2:]).T
    _dense(scope, source, weight, scale, np.zeros(len(weight)))


def _dense(scope: Scope, source: int, weight: NDArray, scale: NDArray | None, bias: NDArray) -> None:
    shape = scope.shape(source)
    if not shape or shape[-1] != weight.shape[1]:
        raise Refusal(f"weights for {weight.shape[1]} features")
    fields = {"weight": weight, "bias": bias, "weight_scale": scale}
    scope.gives(scope.emit(Dense, [source], [*shape[:-1], len(weight)], **fields))


@translates("BatchNormalization")
def _batch_norm(scope: Scope) -> None:
    if scope.attribute("training_mode", 0):
        raise Refusal("batch statistics; export it for inference, as after eval()")
    gamma, beta, mean, variance = (_vector(scope, position) for position in range(1, 5))
    if variance.min() < 0:
        raise Refusal("a negative variance")
    scale = gamma / np.sqrt(variance + scope.attribute("epsilon", 1e-5))
    _affine(scope, scope.value(), 1, scale, beta - mean * scale)


@translates("Add", "Sub", "Mul", "Div", "Sum")
def _arithmetic(scope: Scope) -> None:
    code, computed = (
        scope.raw.op,
        [position for position in range(len(scope.raw.inputs)) if scope.is_computed(position)],
    )
    if len(scope.raw.inputs) != 2:
        raise Refusal(f"{len(scope.raw.inputs)} operands; two can be added")
    if len(computed) == 2:
        _of_two(scope, code)
        return
    constant = scope.numbers(1 - computed[0])
    if constant is None or (code == "Div" and (computed[0] == 1 or not np.all(constant))):
        raise Refusal("a division by what is computed, or by zero")
    source = scope.value(computed[0])
    axis, values = _along(constant, scope.shape(source))
    flipped = code == "Sub" and computed[0] == 1
    scale = {"Mul": values, "Div": 1 / values if code == "Div" else values}.get(
        code, np.full(len(values), 1.0 - 2 * flipped)
    )
    shift = {"Add": values, "Sum": values, "Sub": values if flipped else -values}.get(code, np.zeros(len(values)))
    _affine(scope, source, axis, scale, shift)


def _of_two(scope: Scope, code: str) -> None:
    if code == "Mul":
        raise Refusal("the product of two computed tensors: gating (SiLU, GLU, squeeze and excitation)")
    if code not in ("Add", "Sum"):
        raise Refusal("two computed tensors can only be added")
    first, second = scope.value(0), scope.value(1)
    if scope.shape(first) != scope.shape(second):
        raise Refusal(f"{list(scope.shape(first))} and {list(scope.shape(second))} differ")
    scope.gives(scope.emit(Sum, [first, second], scope.shape(first)))


def _along(constant: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[int, NDArray[np.float64]]:
    """The one axis along which a constant that is broadcast to `shape` varies, and its values there."""
    wide = [axis + len(shape) - constant.ndim for axis, size in enumerate(constant.shape) if size > 1]
    if not wide:
        return len(shape) - 1, constant.reshape(1)
    if len(wide) > 1 or wide[0] < 0 or shape[wide[0]] != constant.size:
        raise Refusal(f"a constant of shape {list(constant.shape)}, not one number a channel")
    return wide[0], constant.reshape(-1)


def _affine(scope: Scope, source: int, axis: int, scale: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
    """Scale and shift along one axis, which is brought to the end for it."""
    shape = scope.shape(source)
    if scale.size > 1 and (axis >= len(shape) or scale.size != shape[axis]):
        raise Refusal(f"{scale.size} scales for {list(shape)}")
    if not (np.all(np.isfinite(scale)) and np.all(np.isfinite(shift))):
        raise Refusal("a scale that is not finite")
    to_last = (
        [other for other in range(len(shape)) if other != axis] + [axis] if scale.size > 1 else list(range(len(shape)))
    )
    value = scope.transpose(source, to_last)
    value = scope.emit(Affine, [value], scope.shape(value), scale=scale, shift=shift)
    scope.gives(scope.transpose(value, np.argsort(to_last).tolist()))


@translates("GlobalAveragePool")
def _global_average(scope: Scope) -> None:
    source = scope.value()
    shape = scope.shape(source)
    axes = tuple(range(2, len(shape)))
    scope.gives(scope.emit(Average, [source], [*shape[:2], *(1 for _ in axes)], axes=axes))


@translates("ReduceMean")
def _reduce_mean(scope: Scope) -> None:
    source = scope.value()
    shape = scope.shape(source)
    given = scope.integers("axes", 1, since=18)
    if not given and scope.attribute("noop_with_empty_axes", 0):
        scope.gives(source)
        return
    axes = tuple(sorted({axis % len(shape) for axis in given or range(len(shape))}))
    kept = scope.attribute("keepdims", 1)
    left = [1 if axis in axes else size for axis, size in enumerate(shape) if kept or axis not in axes]
    scope.gives(scope.emit(Average, [source], left, axes=axes))


@translates("AveragePool")
def _average_pool(scope: Scope) -> None:
    source = scope.value()
    shape = scope.shape(source)
    time = _time_axis(shape)
    kernels = scope.attribute("kernel_shape", ())
    if len(kernels) != len(shape) - 2:
        raise Refusal(f"a kernel of shape {list(kernels)}")
    window = _window(scope, shape, time, kernels[time - 2])
    if scope.attribute("ceil_mode", 0) and (shape[time] - window.kernel) % window.stride:
        raise Refusal("ceil_mode: a pool that hangs over the end of the window")
    if (window.before or window.after) and not scope.attribute("count_include_pad", 0):
        raise Refusal("an average that leaves its padding out")
    if window.kernel == shape[time] and not (window.before or window.after):
        scope.gives(
            scope.emit(Average, [source], [1 if axis == time else s for axis, s in enumerate(shape)], axes=(time,))
        )
        return
    # The mean of a few frames: a convolution of one weight a channel.
    _check_size(shape[1], window.kernel, shape[1])
    weight = np.zeros((shape[1], window.kernel, shape[1]), np.float32)
    weight[range(shape[1]), :, range(shape[1])] = 1 / window.kernel
    _convolve(scope, source, time, window, weight, None, np.zeros(shape[1]))


def _pointwise(code: str, function: Function, clamp: Clamp = Clamp.NONE) -> None:
    def translate(scope: Scope) -> None:
        source = scope.value()
        scope.gives(scope.emit(Pointwise, [source], scope.shape(source), function=function, clamp=clamp))

    translates(code)(translate)


_pointwise("Relu", Function.REQUANTISE, Clamp.RELU)
_pointwise("Sigmoid", Function.SIGMOID)
_pointwise("Tanh", Function.TANH)


@translates("LeakyRelu", "PRelu")
def _leaky_relu(scope: Scope) -> None:
    slope = np.array([scope.attribute("alpha", 0.01)])
    if scope.raw.op == "PRelu":
        given = scope.numbers(1)
        slope = np.unique(given) if given is not None else slope
    if slope.size != 1 or not np.isfinite(slope[0]) or slope[0] < 0:
        raise Refusal(f"slopes {slope.tolist()[:4]}; one slope, 0 or more, can be a table")
    source = scope.value()
    fields = {"function": Function.LEAKY_RELU, "alpha": float(slope[0])}
    scope.gives(scope.emit(Pointwise, [source], scope.shape(source), **fields))


@translates("Clip")
def _clip(scope: Scope) -> None:
    _limited(scope, scope.value(), _bound(scope, "min", 1, -math.inf), _bound(scope, "max", 2, math.inf))


@translates("Max", "Min")
def _limit(scope: Scope) -> None:
    """A limit at one end, as PyTorch's exporter writes a clamp of one end."""
    computed = [position for position in range(len(scope.raw.inputs)) if scope.is_computed(position)]
    kind = "maximum" if scope.raw.op == "Max" else "minimum"
    if len(scope.raw.inputs) != 2 or len(computed) != 1:
        raise Refusal(f"a {kind} of computed tensors; with a constant it can be a limit; averages are supported")
    source = scope.value(computed[0])
    given = scope.numbers(1 - computed[0], finite=False)
    if given is None or given.size != 1 or given.ndim > len(scope.shape(source)):
        raise Refusal(f"a {kind} with more than one number")
    bound = _unlimited(float(given.reshape(-1)[0]))
    _limited(scope, source, *((bound, math.inf) if scope.raw.op == "Max" else (-math.inf, bound)))


def _limited(scope: Scope, source: int, low: float, high: float) -> None:
    """A value within limits; those of an activation before it, where no int8 scale lies between, count too."""
    clamp = _clamp(low, high)
    if clamp is None:
        before = next((node for node in scope.build.nodes if node.output == source), None)
        if isinstance(before, Pointwise) and before.function is Function.REQUANTISE and scope.is_real(source):
            clamp = _clamp(*(min(max(bound, low), high) for bound in before.clamp.bounds))
            source = before.inputs[0].value
    if clamp is None:
        limits = "0 to infinity, 0 to 6, 0 to 1 and -1 to 1"
        raise Refusal(f"limits [{low:g}, {high:g}]; known are {limits}")
    scope.gives(scope.emit(Pointwise, [source], scope.shape(source), function=Function.REQUANTISE, clamp=clamp))


def _clamp(low: float, high: float) -> Clamp | None:
    return next((clamp for clamp in Clamp if clamp.bounds == (low, high)), None)


def _bound(scope: Scope, name: str, position: int, default: float) -> float:
    if scope.opset < 11:
        bound = float(scope.attribute(name, default))
        if math.isnan(bound):
            raise Refusal(f"{name} is not a number")
        return _unlimited(bound)
    given = scope.numbers(position, finite=False)
    if given is not None and given.size != 1:
        raise Refusal(f"{given.size} numbers as its {name}")
    return default if given is None else _unlimited(float(given.reshape(-1)[0]))


def _unlimited(bound: float) -> float:
    """Exporters write "no limit" as infinity or as the largest float32."""
    return math.copysign(math.inf, bound) if abs(bound) >= np.finfo(np.float32).max else bound


def _time_axis(shape: tuple[int, ...]) -> int:
    """The axis behind the channels along which a signal extends; of several of size 1, the last."""
    wide = [axis for axis, size in enumerate(shape) if axis >= 2 and size > 1]
    if len(shape) not in (3, 4) or len(wide) > 1:
        raise Refusal(f"values of shape {list(shape)}: over two dimensions, where a student has time alone")
    return wide[0] if wide else len(shape) - 1


def _window(scope: Scope, shape: tuple[int, ...], time: int, kernel: int) -> _Window:
    axes = len(shape) - 2
    strides, dilations = (scope.attribute(name) or (1,) * axes for name in ("strides", "dilations"))
    pads = scope.attribute("pads") or (0,) * (2 * axes)
    if len(strides) != axes or len(dilations) != axes or len(pads) != 2 * axes:
        raise Refusal("strides, dilations or pads of another rank than its input")
    position = time - 2
    stride, dilation = strides[position], dilations[position]
    if kernel < 1 or stride < 1 or dilation < 1 or min(pads) < 0:
        raise Refusal(f"kernel {kernel}, stride {stride}, dilation {dilation}, pads {list(pads)}")
    if any(pads[axis] or pads[axis + axes] for axis in range(axes) if axis != position):
        raise Refusal("padding across time")
    before, after = pads[position], pads[position + axes]
    auto = scope.attribute("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        needed = max(0, (-(-shape[time] // stride) - 1) * stride + (kernel - 1) * dilation + 1 - shape[time])
        smaller, larger = needed // 2, needed - needed // 2
        before, after = (smaller, larger) if auto == "SAME_UPPER" else (larger, smaller)
    elif auto not in ("NOTSET", "VALID", ""):
        raise Refusal(f"auto_pad {auto}")
    return _Window(kernel, stride, dilation, before, after)


def _ungrouped(weight: NDArray, groups: int, channels: int) -> NDArray:
    """Weights [out, in / groups, kernel] with zeros where a group does not look."""
    outputs, inputs, kernel = weight.shape
    if groups < 1 or inputs * groups != channels or outputs % groups:
        raise Refusal(f"weights for {inputs} x {groups} channels over {channels}")
    if groups == 1:
        return weight
    _check_size(outputs, channels, kernel)
    wide = np.zeros((outputs, channels, kernel), weight.dtype)
    each = outputs // groups
    for group in range(groups):
        rows = slice(group * each, (group + 1) * each)
        wide[rows, group * inputs : (group + 1) * inputs] = weight[rows]
    return wide


def _check_size(outputs: int, kernel: int, inputs: int) -> None:
    """Refuse weights that would take more room than a student has, before they are made."""
    if outputs * kernel * inputs > MAX_ELEMENTS:
        raise Refusal(f"would need {outputs} x {kernel} x {inputs} weights as a full convolution")


def _weights(scope: Scope) -> tuple[NDArray, NDArray[np.float32] | None]:
    """Weights as the file orders them, float32 without a scale or int8 with one an output channel."""
    constant = scope.constant(1)
    if not isinstance(constant, Codes):
        numbers = scope.numbers(1)
        if numbers is None or numbers.size == 0:
            raise Refusal("no weights")
        return numbers.astype(np.float32), None
    gemm = scope.raw.op == "Gemm" and not scope.attribute("transB", 0)
    output_axis = constant.codes.ndim - 1 if gemm or scope.raw.op == "MatMul" else 0
    channels = constant.codes.shape[output_axis]
    codes = constant.codes.astype(np.int16) - (128 if constant.codes.dtype == np.uint8 else 0)
    zero_point = constant.zero_point - (128 if constant.codes.dtype == np.uint8 else 0)
    if constant.codes.dtype not in (np.int8, np.uint8) or np.any(zero_point) or np.any(codes == -128):
        raise Refusal("weights that are not symmetric int8 (zero point 0, codes -127..127)")
    if constant.scale.size > 1 and constant.axis != output_axis:
        raise Refusal(f"weight scales along axis {constant.axis}, not one an output channel")
    return codes.astype(np.int8), np.broadcast_to(constant.scale, channels).copy()


def _bias(scope: Scope, position: int, channels: int) -> NDArray[np.float64]:
    values = scope.numbers(position)
    if values is None:
        return np.zeros(channels)
    if values.size not in (1, channels):
        raise Refusal(f"{values.size} biases for {channels} channels")
    return np.broadcast_to(values.reshape(-1), channels).copy()


def _vector(scope: Scope, position: int) -> NDArray[np.float64]:
    values = scope.numbers(position)
    if values is None or values.ndim != 1 or values.size == 0:
        raise Refusal(f"input {position} is not one number a channel")
    return values
