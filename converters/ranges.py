"""Which range of a tensor's values its int8 codes span: min-max, percentile, or least squared error.

A wide range keeps the peaks and coarsens everything else; a narrow one clips them. docs/converters.md says what each
costs on speech.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from facelite.graph import Quant
from facelite.requantise import CODE_MAX, CODE_MIN

from .observe import BINS, Histogram

Range = tuple[float, float]

PERCENTILE = 99.999
"""Share of a tensor's values, in percent, below its upper end; as many lie above its lower end. Of the shares from 99.9
to 99.9999 the one that keeps quiet speech without losing loud speech (docs/converters.md)."""

_SMALLEST_RANGE = 1e-6
"""Of an activation that never moves; any scale would do, but not 0."""

_SHRINKS = np.linspace(0.3, 1, 71)
"""Shares of the full range that `mse` tries."""

_ROUNDS = 2
"""`mse` moves one end after the other; a second round finds nothing in most layers."""


def min_max(seen: Histogram) -> Range:
    """From the smallest to the largest value, zero among them: TFLite's own rule."""
    return min(seen.low, 0.0), max(seen.high, 0.0)


def percentile(seen: Histogram) -> Range:
    """Without the outermost values at each end, zero within."""
    low, high = min_max(seen)
    below = np.cumsum(seen.counts) / seen.counts.sum()
    ends = [seen.centres[np.searchsorted(below, share)] for share in (1 - PERCENTILE / 100, PERCENTILE / 100)]
    return min(max(low, float(ends[0])), 0.0), max(min(high, float(ends[1])), 0.0)


def mse(seen: Histogram) -> Range:
    """The range whose codes lie nearest to the values, by mean squared error.

    Searched end by end among 71 shares of the full range, with the codes' own rounding and clipping.
    """
    full = min_max(seen)
    chosen = full
    for _ in range(_ROUNDS):
        for end in (0, 1):
            tried = [_with_end(chosen, end, share * full[end]) for share in _SHRINKS]
            # Of equal errors the widest: a range of zero on this side gives 71 of them.
            chosen = min(reversed(tried), key=lambda span: squared_error(seen, span))
    return chosen


METHODS: dict[str, Callable[[Histogram], Range]] = {"min_max": min_max, "percentile": percentile, "mse": mse}

DEFAULT = "percentile"


def quant_of_range(span: Range) -> Quant:
    """Scale and zero point of codes that span `span`, which holds zero: TFLite's quantisation specification."""
    low, high = span
    scale = np.float32(max(high - low, _SMALLEST_RANGE) / (CODE_MAX - CODE_MIN))
    zero_point = round(CODE_MIN - low / float(scale))
    return Quant(float(scale), min(max(zero_point, CODE_MIN), CODE_MAX))


def squared_error(seen: Histogram, span: Range) -> float:
    """Mean squared distance of a tensor's values, each at its bin's middle, from the nearest code of `span`."""
    quant, centres = quant_of_range(span), seen.centres
    codes = np.clip(np.rint(centres / quant.scale) + quant.zero_point, CODE_MIN, CODE_MAX)
    error = (codes - quant.zero_point) * quant.scale - centres
    # Zeros, of which a ReLU makes most values, are exact in every code.
    error[BINS // 2] = 0.0
    return float(error**2 @ seen.counts / seen.counts.sum())


def _with_end(span: Range, end: int, value: float) -> Range:
    return (value, span[1]) if end == 0 else (span[0], value)
