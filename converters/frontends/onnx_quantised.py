"""QuantizeLinear and DequantizeLinear: what gives a QDQ model's values their int8 scales.

A quantised value is one value of the network under two names, its codes' and its real numbers'. uint8 codes are int8
codes plus 128, of the same scale.
"""

from __future__ import annotations

import numpy as np
from facelite.graph import Function, Quant

from ..network import Pointwise
from .onnx_constants import dequantised
from .onnx_registry import translates
from .onnx_scope import Codes, Refusal, Scope

_SHIFT = {np.dtype(np.int8): 0, np.dtype(np.uint8): 128}


@translates("QuantizeLinear")
def _quantise(scope: Scope) -> None:
    if not scope.is_computed(0):
        scope.build.constants[scope.raw.outputs[0]] = _codes(scope)
        return
    source, quant = scope.value(), _quant(scope)
    shape = scope.shape(source)
    scope.gives(scope.emit(Pointwise, [source], shape, function=Function.REQUANTISE, quant=quant))


@translates("DequantizeLinear")
def _dequantise(scope: Scope) -> None:
    if not scope.is_computed(0):
        scope.build.constants[scope.raw.outputs[0]] = dequantised(scope)
        return
    source, quant = scope.value(), _quant(scope)
    origin = scope.origin(source)
    known = scope.build.values[origin].quant
    if known is None:  # codes that come from outside: the model's input is int8
        scope.scaled(origin, quant)
    elif known != quant:
        raise Refusal(f"reads codes of {known} as if they were of {quant}")
    scope.gives(source)


def _quant(scope: Scope) -> Quant:
    """The one scale and zero point that a node names."""
    scale, zero_point = scope.constant(1), scope.constant(2)
    if not isinstance(scale, np.ndarray) or isinstance(zero_point, Codes) or (zero_point is None and scope.has(2)):
        raise Refusal("a scale or zero point that is computed")
    zero = np.zeros(1, np.uint8) if zero_point is None else zero_point
    if scale.size != 1 or zero.size != 1 or zero.dtype not in _SHIFT or scope.attribute("block_size", 0):
        raise Refusal(f"{scale.size} scales, {zero.dtype} codes; an activation has one scale, and int8 or uint8 codes")
    value = np.float32(scale.reshape(-1)[0])
    if not (np.isfinite(value) and value >= np.finfo(np.float32).tiny):
        raise Refusal("a scale that is not a positive number")
    return Quant(float(value), int(zero.reshape(-1)[0]) - _SHIFT[zero.dtype])


def _codes(scope: Scope) -> np.ndarray:
    """The codes of constant weights, as ONNX Runtime does it: rounded half to even, saturated."""
    values, scale, zero_point = (scope.constant(position) for position in range(3))
    if not all(isinstance(constant, np.ndarray) for constant in (values, scale, zero_point)):
        raise Refusal("a constant quantised without a constant scale and zero point")
    assert isinstance(values, np.ndarray)
    assert isinstance(scale, np.ndarray)
    assert isinstance(zero_point, np.ndarray)
    axis = scope.attribute("axis", 1) % max(values.ndim, 1)
    shape = [-1 if other == axis else 1 for other in range(values.ndim)] if scale.size > 1 else [1]
    limits = np.iinfo(zero_point.dtype)
    steps = np.rint(values / scale.reshape(shape)) + zero_point.reshape(shape)
    return np.clip(steps, limits.min, limits.max).astype(zero_point.dtype)
