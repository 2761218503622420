"""Runtimes layer by layer: how far each is from the float student, and where two first part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import reference
from ..graph import Graph
from ..runtimes import Heard, Kernel
from .numeric import distance, lsb_histogram
from .peeks import Inside, Peek
from .truth import Truth, real

LOOKS = 2
"""Hops of a signal at which runtimes are opened; each costs a window of everything."""

TOLERANCE = 1e-4
"""Two float runtimes part where they differ by more, as a share of the layer's largest value: both sum float32
products in orders of their own, and 1e-6 is usual."""


@dataclass
class _Seen:
    """What one runtime showed of one operator, over all looks."""

    values: list[NDArray] = field(default_factory=list)
    codes: list[NDArray] = field(default_factory=list)
    truth: list[NDArray] = field(default_factory=list)
    judge: list[NDArray] = field(default_factory=list)


class Layers:
    """Collects what runtimes show of themselves.

    Parameters
    ----------
    judge
        The int8 runtime among `peeks` that the others are held against.
    scanned
        Those whose parting `scan` finds.
    """

    def __init__(
        self, graph: Graph, truth: Truth, peeks: Sequence[Peek], judge: str, scanned: Sequence[str] = ()
    ) -> None:
        self._graph, self._truth, self._peeks, self._judge = graph, truth, peeks, judge
        self._seen = {peek.name: [_Seen() for _ in graph.ops] for peek in peeks}
        self._parts: dict[str, dict[str, Any]] = {}
        self._scanned = scanned

    def look(self, signals: Mapping[str, Heard]) -> None:
        """Open every runtime at a few hops of each signal."""
        for name, heard in signals.items():
            last = heard.pushed // heard.hop
            for hop in sorted({int(hop) for hop in np.linspace(1, last, LOOKS + 1)[1:]}):
                self._look(name, heard, hop)

    def scan(self, kernel: Kernel, signals: Mapping[str, Heard]) -> None:
        """Follow a kernel hop by hop to the first one in which a layer differs from the oracle's stream.

        What a stream kept from before is equal up to there, so that the first layer of that hop is where it parts;
        a later look would also find layers that read what an earlier one left behind.
        """
        for name, heard in signals.items():
            expected = reference.run(self._graph, heard.codes)[1:]
            hops = heard.pushed // heard.hop
            for hop, made in enumerate(kernel.all_layers(heard), start=1):
                newest = [_of_hop(values, hop, hops, len(one)) for values, one in zip(expected, made, strict=True)]
                if any(not np.array_equal(one, other) for one, other in zip(made, newest, strict=True)):
                    self._note_parting(kernel.name, list(made), list(newest), (), {"signal": name, "hop": hop})
                    return

    def rows(self, runtime: str) -> list[dict[str, Any]]:
        """One row a layer that the runtime shows: `layer`, `distance` to the truth and, of codes, to the judge's."""
        return [
            _row(op.name, seen)
            for op, seen in zip(self._graph.ops, self._seen.get(runtime, []), strict=False)
            if seen.values
        ]

    def parts(self, runtime: str) -> dict[str, Any] | None:
        """Where the runtime first parts from its reference: `layer`, `reference`, `signal`, `hop`, `channel`,
        `value` and `expected`; None where it does not."""
        return self._parts.get(runtime)

    def _look(self, signal: str, heard: Heard, hop: int) -> None:
        truth = self._truth.layers(heard.window_at(hop))
        inside = {peek.name: peek(heard, hop) for peek in self._peeks}
        for runtime, made in inside.items():
            for index, values, expected in _common(made, truth):
                seen = self._seen[runtime][index]
                seen.truth.append(expected)
                if values.dtype == np.int8:
                    seen.values.append(real(self._graph, index, values))
                    seen.codes.append(values)
                    judged = inside[self._judge][index]
                    assert judged is not None, "the oracle shows every layer"
                    seen.judge.append(judged[-len(values) :])
                else:
                    seen.values.append(values)
            if runtime not in self._scanned:
                place = {"signal": signal, "hop": hop}
                self._note_parting(runtime, made, inside[self._judge], truth, place)

    def _note_parting(
        self, runtime: str, made: Inside, judge: Inside, truth: Sequence[NDArray], place: dict[str, Any]
    ) -> None:
        is_int8 = any(one is not None and one.dtype == np.int8 for one in made)
        against = judge if is_int8 else list(truth)
        for index, values, expected in _common(made, against):
            slack = 0.0 if is_int8 else TOLERANCE * max(1.0, float(np.abs(expected).max(initial=0)))
            apart = np.abs(values.astype(np.float64) - expected) > slack
            if not apart.any():
                continue
            known = self._parts.get(runtime)
            if known is None or index < known["index"]:
                frame, channel = (int(one) for one in np.argwhere(apart)[0])
                self._parts[runtime] = {
                    "layer": self._graph.ops[index].name,
                    "index": index,
                    "reference": self._judge if is_int8 else self._truth.name,
                    **place,
                    "channel": channel,
                    "value": values[frame, channel].item(),
                    "expected": expected[frame, channel].item(),
                }
            return


def _of_hop(values: NDArray, hop: int, hops: int, frames: int) -> NDArray:
    """The `frames` frames of hop number `hop`, of all frames of a stream of `hops`."""
    end = len(values) - (hops - hop) * frames
    return values[end - frames : end]


def _common(made: Inside, truth: Sequence[NDArray | None]) -> Iterator[tuple[int, NDArray, NDArray]]:
    """Operators that both show, over the newest frames that both have."""
    for index, (values, expected) in enumerate(zip(made, truth, strict=True)):
        if values is not None and expected is not None:
            frames = min(len(values), len(expected))
            yield index, values[len(values) - frames :], expected[len(expected) - frames :]


def _row(layer: str, seen: _Seen) -> dict[str, Any]:
    values, truth = (np.concatenate([one.ravel() for one in part]) for part in (seen.values, seen.truth))
    row: dict[str, Any] = {"layer": layer, "values": len(values), **distance(values, truth)}
    if seen.codes:
        codes, judge = (np.concatenate([one.ravel() for one in part]) for part in (seen.codes, seen.judge))
        step = np.abs(codes.astype(np.int16) - judge)
        row |= {
            "different": int(np.count_nonzero(step)),
            "max_lsb": int(step.max()),
            "lsb": lsb_histogram(codes, judge),
        }
    return row
