"""16-bit activations over int8 weights, for LiteRT alone: TFLite's 16x8 quantisation specification.

Activations are symmetric, -32767..32767, zero point 0; sigmoid and tanh have the scale 1/32768; biases are int64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from facelite.graph import Conv, Function, Graph, Map, Op, Quant
from facelite.requantise import quant_of

from .quantise import weight_codes
from .ranges import Range

_LARGEST = 32767

INPUT_QUANT = Quant(float(np.float32(1 / _LARGEST)), 0)
"""What companded samples mean: code / 32767."""

_FIXED = Quant(1 / 32768, 0)

_SMALLEST_RANGE = 1e-6
"""Of an activation that never moves."""


def quantise16(graph: Graph, ranges: Sequence[Range]) -> Graph:
    """A float graph with int8 weights, int64 biases, and 16-bit scales on its tensors.

    Only `backends.tflite_wide` may read the result: everywhere else a scale means int8.
    """
    quants = [INPUT_QUANT, *(_quant(op, span) for op, span in zip(graph.ops, ranges, strict=True))]
    tensors = tuple(replace(tensor, quant=quant) for tensor, quant in zip(graph.tensors, quants, strict=True))
    scaled = replace(graph, tensors=tensors)
    return replace(scaled, ops=tuple(_integer(op, scaled) for op in graph.ops))


def _quant(op: Op, span: Range) -> Quant:
    if isinstance(op, Map) and op.function in (Function.SIGMOID, Function.TANH):
        return _FIXED
    return Quant(float(np.float32(max(-span[0], span[1], _SMALLEST_RANGE) / _LARGEST)), 0)


def _integer(op: Op, graph: Graph) -> Op:
    if not isinstance(op, Conv):
        return op
    weight, scale = weight_codes(op.weight, np.zeros(op.out_channels))
    steps = np.float64(quant_of(graph, op.input).scale) * scale.astype(np.float64)
    return replace(op, weight=weight, bias=np.rint(op.bias / steps).astype(np.int64), weight_scale=scale)
