"""Post-training int8: a float graph becomes an int8 one, by min-max ranges on what it hears.

The rules are TFLite's quantisation specification: weights symmetric per output channel, -127..127; activations
asymmetric per tensor, zero among them; biases int32 at input scale times weight scale; sigmoid and tanh at the fixed
scales of their ranges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from facelite import reference
from facelite.errors import BadInput
from facelite.graph import Conv, Graph, Map, Quant, Rounding
from facelite.requantise import CODE_MAX, CODE_MIN, quant_of
from numpy.typing import NDArray

from .lower import INPUT_QUANT
from .passes.scales import FIXED_SCALES

_BIAS_STEPS = 1 << 24
"""Most steps that a bias may take: room for the sum of products beside it in an int32 accumulator."""

_SMALLEST_RANGE = 1e-6
"""Of an activation that never moves; any scale would do, but not 0."""

_MOST_VALUES = 1 << 23
"""Values of all tensors held at once while ranges are measured: 64 MB, as the oracle's float64."""

Range = tuple[float, float]


def quantise(graph: Graph, waveforms: Iterable[NDArray[np.float32]]) -> Graph:
    """The int8 graph of a float one.

    Parameters
    ----------
    graph
        Float.
    waveforms
        Companded audio, float32 [samples] in -1..1 each, at least a window long, that spans what it will hear.

    Raises
    ------
    BadInput
        There is no audio, or a layer gives values that are not finite.
    """
    quants = [INPUT_QUANT, *(_quant(op, span) for op, span in zip(graph.ops, ranges(graph, waveforms), strict=True))]
    tensors = tuple(replace(tensor, quant=quant) for tensor, quant in zip(graph.tensors, quants, strict=True))
    scaled = replace(graph, tensors=tensors)
    ops = tuple(_integer(op, scaled) if isinstance(op, Conv) else op for op in graph.ops)
    return replace(scaled, ops=ops)


def ranges(graph: Graph, waveforms: Iterable[NDArray[np.float32]]) -> list[Range]:
    """Smallest and largest value of each operator's output over all the audio."""
    low, high = np.full(len(graph.ops), np.inf), np.full(len(graph.ops), -np.inf)
    for piece in _pieces(graph, waveforms):
        made = reference.run(graph, piece)[1:]
        low = np.minimum(low, [values.min() for values in made])
        high = np.maximum(high, [values.max() for values in made])
    broken = [op.name for op, a, b in zip(graph.ops, low, high, strict=True) if not np.isfinite([a, b]).all()]
    if broken:
        problem = f"layers {', '.join(broken)} gave no finite values in calibration"
        raise BadInput(graph.name, problem, "give speech to calibrate with, and a model of finite weights")
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _pieces(graph: Graph, waveforms: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """The audio in overlapping pieces whose tensors fit into memory together."""
    values_a_sample = sum(tensor.channels / tensor.stride for tensor in graph.tensors)
    overlap = graph.receptive_field
    length = max(2 * overlap, int(_MOST_VALUES / values_a_sample))
    if length * values_a_sample > 4 * _MOST_VALUES:
        problem = f"its layers make {2 * overlap * values_a_sample:.2g} values of {2 * overlap} samples"
        raise BadInput(graph.name, problem, "narrow its layers, or let the first ones stride")
    for waveform in waveforms:
        for start in range(0, max(1, len(waveform) - overlap), length - overlap):
            yield waveform[start : start + length]


def _quant(op: object, span: Range) -> Quant:
    if isinstance(op, Map) and op.function in FIXED_SCALES:
        return FIXED_SCALES[op.function]
    low, high = min(span[0], 0.0), max(span[1], 0.0)
    scale = np.float32(max(high - low, _SMALLEST_RANGE) / (CODE_MAX - CODE_MIN))
    zero_point = round(CODE_MIN - low / float(scale))
    return Quant(float(scale), min(max(zero_point, CODE_MIN), CODE_MAX))


def _integer(conv: Conv, graph: Graph) -> Conv:
    source = np.float64(quant_of(graph, conv.input).scale)
    largest = np.abs(conv.weight).max(axis=(1, 2)) / CODE_MAX
    bias = conv.bias.astype(np.float64)
    # A channel of next to no weights would give its bias too many steps.
    scale = np.maximum(largest, np.abs(bias) / (source * _BIAS_STEPS))
    scale = np.where(scale > np.finfo(np.float32).tiny, scale, 1).astype(np.float32)
    steps = scale.astype(np.float64)[:, None, None]
    weight = np.clip(np.rint(conv.weight / steps), -CODE_MAX, CODE_MAX).astype(np.int8)
    codes = np.rint(bias / (source * scale.astype(np.float64))).astype(np.int32)
    return replace(conv, weight=weight, bias=codes, weight_scale=scale, rounding=Rounding.FIXED)
