"""ONNX operators that move values without computing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..network import Crop, Pad, Reshape
from .onnx_registry import translates
from .onnx_scope import Refusal, Scope

_FLOATS = (1, 11)
"""TensorProto.DataType: FLOAT, DOUBLE."""


@translates("Identity", "Dropout")
def _identity(scope: Scope) -> None:
    if scope.raw.op == "Dropout" and scope.has(2) and np.any(scope.numbers(2)):
        raise Refusal("dropout that is in training mode; export it for inference, as after eval()")
    scope.gives(scope.value())


@translates("Cast")
def _cast(scope: Scope) -> None:
    if scope.attribute("to") not in _FLOATS:
        raise Refusal("a change of type; values are float32 throughout")
    scope.gives(scope.value())


@translates("Reshape")
def _reshape(scope: Scope) -> None:
    target = scope.integers("shape", 1, since=5)
    if target is None:
        raise Refusal("no target shape")
    scope.gives(_reshaped(scope, reshape_target(scope.shape(scope.value()), target, scope.attribute("allowzero", 0))))


def reshape_target(shape: Sequence[int], target: Sequence[int], allowzero: int) -> list[int]:
    """The shape that Reshape gives: 0 copies a size unless `allowzero`, -1 is whatever is left."""
    sizes = [
        shape[axis] if size == 0 and not allowzero and axis < len(shape) else size for axis, size in enumerate(target)
    ]
    if sizes.count(-1) > 1 or any(size < -1 for size in sizes):
        raise Refusal(f"target shape {list(target)}")
    known = math.prod(size for size in sizes if size != -1)
    sizes = [math.prod(shape) // max(known, 1) if size == -1 else size for size in sizes]
    if math.prod(sizes) != math.prod(shape):
        raise Refusal(f"{list(shape)} cannot become {list(target)}")
    return sizes


@translates("Flatten")
def _flatten(scope: Scope) -> None:
    shape = scope.shape(scope.value())
    axis = scope.attribute("axis", 1)
    axis += len(shape) * (axis < 0)
    scope.gives(_reshaped(scope, [math.prod(shape[:axis]), math.prod(shape[axis:])]))


@translates("Squeeze")
def _squeeze(scope: Scope) -> None:
    shape = scope.shape(scope.value())
    given = scope.integers("axes", 1, since=13)
    axes = {axis % len(shape) for axis in given} if given else {axis for axis, size in enumerate(shape) if size == 1}
    if any(shape[axis] != 1 for axis in axes):
        raise Refusal(f"axes {sorted(axes)} of {list(shape)} are not all of size 1")
    scope.gives(_reshaped(scope, [size for axis, size in enumerate(shape) if axis not in axes]))


@translates("Unsqueeze")
def _unsqueeze(scope: Scope) -> None:
    shape = list(scope.shape(scope.value()))
    axes = scope.integers("axes", 1, since=13) or []
    rank = len(shape) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        shape.insert(axis, 1)
    scope.gives(_reshaped(scope, shape))


@translates("Expand")
def _expand(scope: Scope) -> None:
    shape = list(scope.shape(scope.value()))
    target = scope.integers("shape", 1, since=8) or []
    if np.broadcast_shapes(shape, tuple(target)) != tuple(shape):
        raise Refusal(f"repeats {shape} to {target}")
    scope.gives(scope.value())


@translates("Transpose")
def _transpose(scope: Scope) -> None:
    rank = len(scope.shape(scope.value()))
    permutation = scope.attribute("perm") or tuple(reversed(range(rank)))
    if sorted(permutation) != list(range(rank)):
        raise Refusal(f"permutation {list(permutation)}")
    scope.gives(scope.transpose(scope.value(), permutation))


@translates("Slice")
def _slice(scope: Scope) -> None:
    starts, ends = scope.integers("starts", 1, since=10), scope.integers("ends", 2, since=10)
    if starts is None or ends is None:
        raise Refusal("no limits")
    axes = scope.integers("axes", 3, since=10) or list(range(len(starts)))
    steps = (scope.integers("steps", 4, since=10) if scope.opset >= 10 else None) or [1] * len(starts)
    value = scope.value()
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step != 1:
            raise Refusal(f"a slice with step {step}")
        size = scope.shape(value)[axis]
        first, last, _ = slice(start, end).indices(size)
        value = _cropped(scope, value, axis % len(scope.shape(value)), first, last)
    scope.gives(value)


@translates("Gather")
def _gather(scope: Scope) -> None:
    """One element of an axis, as `x[..., -1]` is exported."""
    value = scope.value()
    shape = scope.shape(value)
    axis = scope.attribute("axis", 0) % len(shape)
    wanted = scope.numbers(1)
    if wanted is None or wanted.size != 1 or not -shape[axis] <= wanted.reshape(-1)[0] < shape[axis]:
        raise Refusal("a choice of several elements")
    element = int(wanted.reshape(-1)[0]) % shape[axis]
    value = _cropped(scope, value, axis, element, element + 1)
    if wanted.ndim == 0:
        left = [size for other, size in enumerate(shape) if other != axis]
        value = scope.emit(Reshape, [value], left)
    scope.gives(value)


@translates("Pad")
def _pad(scope: Scope) -> None:
    value = scope.value()
    shape = scope.shape(value)
    pads = scope.integers("pads", 1, since=11) or []
    given = scope.integers("axes", 3, since=18) if scope.opset >= 18 else None
    axes = [axis % len(shape) for axis in given] if given else list(range(len(shape)))
    fill = scope.numbers(2) if scope.opset >= 11 else np.array([scope.attribute("value", 0.0)])
    if len(pads) != 2 * len(axes):
        raise Refusal(f"{len(pads)} pads for {len(axes)} axes")
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        if before < 0 or after < 0:  # PyTorch's way of cropping
            value = _cropped(scope, value, axis, max(-before, 0), scope.shape(value)[axis] - max(-after, 0))
        before, after = max(before, 0), max(after, 0)
        if before or after:
            if scope.attribute("mode", "constant") != "constant" or (fill is not None and np.any(fill)):
                raise Refusal("padding inside the window, with other values than zeros")
            value = _padded(scope, value, axis, before, after)
    scope.gives(value)


def _padded(scope: Scope, value: int, axis: int, before: int, after: int) -> int:
    """Zeros at both ends of an axis, which is brought before the channels for it."""
    shape = scope.shape(value)
    channels = next((other for other in range(len(shape)) if other != axis and shape[other] > 1), 0 if axis else 1)
    if len(shape) < 2:
        raise Refusal("padding of a value without frames")
    order = [other for other in range(len(shape)) if other not in (axis, channels)] + [axis, channels]
    moved = scope.transpose(value, order)
    padded = list(scope.shape(moved))
    padded[-2] += before + after
    moved = scope.emit(Pad, [moved], padded, before=before, after=after)
    return scope.transpose(moved, np.argsort(order).tolist())


def _cropped(scope: Scope, value: int, axis: int, start: int, stop: int) -> int:
    shape = scope.shape(value)
    if not 0 <= start < stop <= shape[axis]:
        raise Refusal(f"leaves nothing of axis {axis} of {list(shape)}")
    if (start, stop) == (0, shape[axis]):
        return value
    left = [stop - start if other == axis else size for other, size in enumerate(shape)]
    return scope.emit(Crop, [value], left, axis=axis, start=start, stop=stop)


def _reshaped(scope: Scope, shape: Sequence[int]) -> int:
    value = scope.value()
    return value if tuple(shape) == scope.shape(value) else scope.emit(Reshape, [value], shape)
