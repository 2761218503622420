"""Constant folding: what an ONNX file computes from its own constants, such as weight norm or a Reshape's target."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .onnx_file import MAX_ELEMENTS
from .onnx_scope import Codes, Constant, Refusal, Scope

_MOVES = ("Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze")

_FOLDS: dict[str, Callable[[Scope, list[NDArray]], NDArray]] = {}


def fold(scope: Scope) -> bool:
    """Evaluate a node whose inputs are all constants; returns whether it could be.

    Shapes are known, since the batch is 1, so `Shape` of a computed tensor is a constant too.
    """
    raw = scope.raw
    if raw.op == "Shape" and scope.is_computed(0):
        scope.build.constants[raw.outputs[0]] = _shape_of(scope, scope.shape(scope.value()))
        return True
    if raw.op not in _FOLDS or len(raw.outputs) != 1:
        return False
    inputs = [scope.constant(position) for position in range(len(raw.inputs)) if scope.has(position)]
    if any(constant is None for constant in inputs):
        return False
    with np.errstate(all="ignore"):  # what is not finite is refused where it is used
        folded = _evaluated(scope, inputs)
    scope.build.keep(raw.outputs[0], folded)
    return True


def _evaluated(scope: Scope, inputs: list[Constant | None]) -> Constant:
    first, evaluate = inputs[0] if inputs else None, _FOLDS[scope.raw.op]
    if isinstance(first, Codes) and scope.raw.op in _MOVES and first.scale.size == 1:
        # Weights that are moved after they were dequantised stay codes.
        moved = evaluate(scope, [first.codes, *(values for values in inputs[1:] if isinstance(values, np.ndarray))])
        return replace(first, codes=moved)
    real = [values.real.astype(np.float32) if isinstance(values, Codes) else values for values in inputs]
    return np.asarray(evaluate(scope, [values for values in real if values is not None]))


def dequantised(scope: Scope) -> Codes:
    """The constant that a DequantizeLinear of integer codes stands for."""
    codes, scale, zero_point = (scope.constant(position) for position in range(3))
    if not isinstance(codes, np.ndarray) or not isinstance(scale, np.ndarray) or codes.dtype.kind not in "iu":
        raise Refusal("codes or scale are not constants of integers and real numbers")
    zeros = np.zeros(scale.size, np.int64) if zero_point is None else np.ravel(np.asarray(zero_point)).astype(np.int64)
    axis = scope.attribute("axis", 1) % max(codes.ndim, 1)
    scales = np.ravel(scale).astype(np.float32)
    if scope.attribute("block_size", 0) or zeros.size != scales.size:
        raise Refusal("scales in blocks")
    if scales.size > 1 and (codes.ndim == 0 or codes.shape[axis] != scales.size):
        raise Refusal(f"{scales.size} scales along axis {axis} of {list(codes.shape)}")
    if not np.all(np.isfinite(scales) & (scales >= np.finfo(np.float32).tiny)):
        raise Refusal("a scale that is not a positive number")
    return Codes(codes, scales, zeros, axis)


def _folds(code: str) -> Callable:
    def register(function: Callable[[Scope, list[NDArray]], NDArray]) -> Callable:
        if code in _FOLDS:
            raise ValueError(f"{code} is folded twice")
        _FOLDS[code] = function
        return function

    return register


def _elementwise(code: str, function: Callable[..., NDArray]) -> None:
    def evaluate(scope: Scope, inputs: list[NDArray]) -> NDArray:
        _bounded(np.broadcast_shapes(*(values.shape for values in inputs)))
        return function(*inputs)

    _folds(code)(evaluate)


_ELEMENTWISE: dict[str, Callable[..., NDArray]] = {
    "Identity": np.array,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Neg": np.negative,
    "Sqrt": np.sqrt,
    "Pow": np.power,
    "Reciprocal": np.reciprocal,
    "Abs": np.abs,
    "Equal": np.equal,
    "Greater": np.greater,
    "Less": np.less,
    "Not": np.logical_not,
    "And": np.logical_and,
}

for _code, _function in _ELEMENTWISE.items():
    _elementwise(_code, _function)


def _quotient(a: NDArray, b: NDArray) -> NDArray:
    return a / b if a.dtype.kind == "f" else a // np.where(b == 0, 1, b)


_elementwise("Div", _quotient)


@_folds("Constant")
def _constant(scope: Scope, inputs: list[NDArray]) -> NDArray:
    found = [value for name, value in scope.raw.attributes.items() if name.startswith("value")]
    if len(found) != 1 or isinstance(found[0], str):
        raise Refusal("a constant that is no tensor")
    value: Any = found[0]
    if isinstance(value, np.ndarray):
        return value
    return np.array(value, np.int64 if np.asarray(value).dtype.kind == "i" else np.float32)


@_folds("Cast")
def _cast(scope: Scope, inputs: list[NDArray]) -> NDArray:
    from onnx import helper

    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(scope.attribute("to")))
    if dtype.kind not in "fiub":
        raise Refusal(f"a constant of type {dtype}")
    return inputs[0].astype(dtype)


@_folds("Shape")
def _shape(scope: Scope, inputs: list[NDArray]) -> NDArray:
    return _shape_of(scope, inputs[0].shape)


def _shape_of(scope: Scope, shape: tuple[int, ...]) -> NDArray:
    return np.array(shape[scope.attribute("start", 0) : scope.attribute("end", len(shape))], np.int64)


@_folds("Gather")
def _gather(scope: Scope, inputs: list[NDArray]) -> NDArray:
    _bounded([inputs[0].size, max(inputs[1].size, 1)])
    return np.take(inputs[0], inputs[1].astype(np.int64), axis=scope.attribute("axis", 0))


@_folds("Concat")
def _concat(scope: Scope, inputs: list[NDArray]) -> NDArray:
    _bounded([sum(values.size for values in inputs)])
    return np.concatenate(inputs, axis=scope.attribute("axis", 0))


@_folds("Slice")
def _slice(scope: Scope, inputs: list[NDArray]) -> NDArray:
    starts, ends = scope.integers("starts", 1, since=10) or [], scope.integers("ends", 2, since=10) or []
    axes = scope.integers("axes", 3, since=10) or list(range(len(starts)))
    steps = (scope.integers("steps", 4, since=10) if scope.opset >= 10 else None) or [1] * len(starts)
    ranges: list[slice] = [slice(None)] * inputs[0].ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        ranges[axis] = slice(start, end if end > -(1 << 62) else None, step)
    return inputs[0][tuple(ranges)]


@_folds("Transpose")
def _transpose(scope: Scope, inputs: list[NDArray]) -> NDArray:
    return np.transpose(inputs[0], scope.attribute("perm"))


@_folds("Reshape")
def _reshape(scope: Scope, inputs: list[NDArray]) -> NDArray:
    target = [int(size) for size in inputs[1]]
    if not scope.attribute("allowzero", 0):
        target = [inputs[0].shape[axis] if size == 0 else size for axis, size in enumerate(target)]
    return inputs[0].reshape(target)


@_folds("Unsqueeze")
def _unsqueeze(scope: Scope, inputs: list[NDArray]) -> NDArray:
    return np.expand_dims(inputs[0], tuple(scope.integers("axes", 1, since=13) or ()))


@_folds("Squeeze")
def _squeeze(scope: Scope, inputs: list[NDArray]) -> NDArray:
    axes = scope.integers("axes", 1, since=13)
    return np.squeeze(inputs[0], tuple(axes) if axes else None)


@_folds("Expand")
def _expand(scope: Scope, inputs: list[NDArray]) -> NDArray:
    shape = np.broadcast_shapes(inputs[0].shape, tuple(int(size) for size in inputs[1]))
    return np.broadcast_to(inputs[0], _bounded(shape)).copy()


@_folds("ConstantOfShape")
def _constant_of_shape(scope: Scope, inputs: list[NDArray]) -> NDArray:
    shape = _bounded([int(size) for size in inputs[0]])
    value = np.ravel(scope.attribute("value", np.zeros(1, np.float32)))
    return np.full(shape, value[0], value.dtype)


def _reduction(code: str, reduce: Callable[[NDArray, tuple[int, ...] | None, bool], NDArray], since: int) -> None:
    def evaluate(scope: Scope, inputs: list[NDArray]) -> NDArray:
        axes = scope.integers("axes", 1, since=since)
        return reduce(inputs[0], tuple(axes) if axes else None, bool(scope.attribute("keepdims", 1)))

    _folds(code)(evaluate)


_reduction("ReduceSum", lambda values, axes, keep: values.sum(axes, keepdims=keep), since=13)
_reduction("ReduceL2", lambda values, axes, keep: np.sqrt((values * values).sum(axes, keepdims=keep)), since=18)


def _bounded(shape: Any) -> Any:
    if any(size < 0 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise Refusal(f"a constant of shape {list(shape)}")
    return shape
