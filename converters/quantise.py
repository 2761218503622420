"""Post-training int8: a float graph becomes an int8 one, each tensor's codes spanning a range that was chosen for it.

The rules are TFLite's quantisation specification: weights symmetric per output channel, -127..127; activations
asymmetric per tensor, zero among them; biases int32 at input scale times weight scale; sigmoid and tanh at the fixed
scales of their ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from facelite.graph import Conv, Graph, Map, Quant, Rounding
from facelite.requantise import CODE_MAX, quant_of
from numpy.typing import NDArray

from . import pair_safe as pairs
from .lower import INPUT_QUANT
from .passes.scales import FIXED_SCALES
from .ranges import Range, quant_of_range

_BIAS_STEPS = 1 << 24
"""Most steps that a bias may take: room for the sum of products beside it in an int32 accumulator."""


def quantise(graph: Graph, ranges: Sequence[Range], pair_safe: bool = False) -> Graph:
    """The int8 graph of a float one.

    Parameters
    ----------
    graph
        Float.
    ranges
        Of each operator's output, one of `ranges.METHODS` of what was observed.
    pair_safe
        Nudge weights so that maddubs multiplies them exactly (`pair_safe.fit`).
    """
    return at_scales(graph, scales(graph, ranges), pair_safe)


def scales(graph: Graph, ranges: Sequence[Range]) -> list[Quant]:
    """Scale and zero point of each operator's output, of codes that span its range."""
    return [_quant(op, span) for op, span in zip(graph.ops, ranges, strict=True)]


def at_scales(graph: Graph, quants: Sequence[Quant], pair_safe: bool = False) -> Graph:
    """The same from the scale and zero point of each operator's output."""
    scaled = with_scales(graph, quants)
    ops = tuple(integer_conv(op, scaled, pair_safe) if isinstance(op, Conv) else op for op in graph.ops)
    return replace(scaled, ops=ops)


def with_scales(graph: Graph, quants: Sequence[Quant]) -> Graph:
    """A float graph whose tensors know the scales that they will have; its weights stay float."""
    given = [INPUT_QUANT, *quants]
    tensors = tuple(replace(tensor, quant=quant) for tensor, quant in zip(graph.tensors, given, strict=True))
    return replace(graph, tensors=tensors)


def _quant(op: object, span: Range) -> Quant:
    if isinstance(op, Map) and op.function in FIXED_SCALES:
        return FIXED_SCALES[op.function]
    return quant_of_range(span)


def integer_conv(conv: Conv, graph: Graph, pair_safe: bool) -> Conv:
    """A float convolution in integers, of a graph whose tensors have their int8 scales."""
    source = np.float64(quant_of(graph, conv.input).scale)
    bias = conv.bias.astype(np.float64)
    weight, scale = weight_codes(conv.weight, np.abs(bias) / (source * _BIAS_STEPS))
    if pair_safe:
        safe, factors = pairs.fit(weight.reshape(len(weight), -1))
        weight, scale = safe.reshape(weight.shape), scale * factors
    codes = np.rint(bias / (source * scale.astype(np.float64))).astype(np.int32)
    return replace(conv, weight=weight, bias=codes, weight_scale=scale, rounding=Rounding.FIXED)


def weight_codes(weight: NDArray, least: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 codes of weights [out, kernel, in] and a scale a channel, at least `least` [out].

    A channel of next to no weights would otherwise give its bias too many steps.
    """
    scale = np.maximum(np.abs(weight).max(axis=(1, 2)) / CODE_MAX, least)
    scale = np.where(scale > np.finfo(np.float32).tiny, scale, 1).astype(np.float32)
    steps = scale.astype(np.float64)[:, None, None]
    return np.clip(np.rint(weight / steps), -CODE_MAX, CODE_MAX).astype(np.int8), scale
