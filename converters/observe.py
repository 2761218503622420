"""What a float graph's tensors hold on calibration audio: a histogram of each operator's output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from facelite import reference
from facelite.errors import BadInput
from facelite.graph import Graph
from numpy.typing import NDArray

BINS = 1 << 14
"""Of a histogram, over twice the power of two that covers its values: at least 16 for each step of an int8 code."""

_MOST_VALUES = 1 << 23
"""Values of all tensors held at once while they are counted: 64 MB, as the oracle's float64."""

_MOST_MACS = 1 << 35
"""Multiply-accumulates of a calibration, seconds of one core; of audio that would take more, pieces are left out. A
student that hardly strides computes its widest layer for every sample."""


@dataclass
class Histogram:
    """Values of one tensor, counted in `BINS` equal bins from -span to span; `span` doubles when a value leaves it.

    Attributes
    ----------
    low, high
        Smallest and largest value, exactly.
    """

    low: float = np.inf
    high: float = -np.inf
    span: float = 2.0**-20
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))

    @property
    def centres(self) -> NDArray[np.float64]:
        """Middle of each bin."""
        return np.linspace(-self.span, self.span, BINS + 1)[:-1] + self.span / BINS

    def add(self, values: NDArray[np.float32]) -> None:
        """Count finite values of any shape."""
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        while max(-self.low, self.high) > self.span:
            self._widen()
        bins = ((values.ravel().astype(np.float64) + self.span) * (BINS / 2 / self.span)).astype(np.int64)
        self.counts += np.bincount(np.minimum(bins, BINS - 1), minlength=BINS)

    def share_outside(self, low: float, high: float) -> float:
        """Share of the values below `low` or above `high`, to a bin's width."""
        half = self.span / BINS
        outside = (self.centres < low - half) | (self.centres > high + half)
        return float(self.counts[outside].sum() / self.counts.sum())

    def _widen(self) -> None:
        pairs = self.counts.reshape(-1, 2).sum(1)
        self.counts = np.concatenate([np.zeros(BINS // 4, np.int64), pairs, np.zeros(BINS // 4, np.int64)])
        self.span *= 2


def observe(graph: Graph, waveforms: Iterable[NDArray[np.float32]]) -> list[Histogram]:
    """A histogram of each operator's output.

    Parameters
    ----------
    graph
        Float.
    waveforms
        Companded audio, float32 [samples] in -1..1 each, at least a window long, that spans what it will hear.

    Raises
    ------
    BadInput
        There is no audio, a layer gives values that are not finite, or its tensors are too large to hold.
    """
    found = [Histogram() for _ in graph.ops]
    for piece in _pieces(graph, waveforms):
        made = reference.run(graph, piece)[1:]
        _check_finite(graph, made)
        for histogram, values in zip(found, made, strict=True):
            histogram.add(values)
    if not all(np.isfinite(histogram.low) for histogram in found):
        raise BadInput(graph.name, "there is no audio to calibrate with", "give speech")
    return found


def _check_finite(graph: Graph, made: list[NDArray[np.float32]]) -> None:
    broken = [op.name for op, values in zip(graph.ops, made, strict=True) if not np.isfinite(values).all()]
    if broken:
        problem = f"layers {', '.join(broken)} gave no finite values in calibration"
        raise BadInput(graph.name, problem, "give speech to calibrate with, and a model of finite weights")


def _pieces(graph: Graph, waveforms: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """The audio in overlapping pieces whose tensors fit into memory together, or as many of them as time allows."""
    overlap, length = graph.receptive_field, _length(graph)
    pieces = [
        waveform[start : start + length]
        for waveform in waveforms
        for start in range(0, max(1, len(waveform) - overlap), length - overlap)
    ]
    affordable = max(1, int(_MOST_MACS * graph.hop / (graph.macs_per_hop * length)))
    for index in np.unique(np.linspace(0, len(pieces) - 1, min(affordable, len(pieces))).astype(int)):
        yield pieces[index]


def _length(graph: Graph) -> int:
    """Samples of a piece."""
    values_a_sample = sum(tensor.channels / tensor.stride for tensor in graph.tensors)
    length = max(2 * graph.receptive_field, int(_MOST_VALUES / values_a_sample))
    if length * values_a_sample > 4 * _MOST_VALUES:
        problem = f"its layers make {length * values_a_sample:.2g} values of {length} samples"
        raise BadInput(graph.name, problem, "narrow its layers, or let the first ones stride")
    return length
