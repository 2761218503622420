"""The runtimes that must agree to the bit, held against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from .. import reference, runtimes
from ..graph import Graph
from ..runtimes import Heard, Runtime

ABOUT = (
    "Every int8 output value of the NumPy oracle and of the C kernel, which streams, against LiteRT's reference "
    "kernels, which are given whole windows; and every hop of the stream against the oracle."
)


class Streaming(Runtime, Protocol):
    """A runtime that can also be given audio hop after hop."""

    def stream(self, heard: Heard) -> NDArray[np.int8]:
        """Every hop's output codes, int8 [hops, controls]."""
        ...


Ask = Callable[[Runtime, Heard], NDArray]
"""Has a runtime answer a signal: `answer`, or something that remembers."""


def streams(runtime: Runtime) -> bool:
    """Whether the runtime is given audio hop after hop, not windows."""
    return hasattr(runtime, "stream")


def answer(runtime: Runtime, heard: Heard) -> NDArray:
    """Every hop's frame of a runtime that streams, the frames of the windows looked at of another."""
    return cast(Streaming, runtime).stream(heard) if streams(runtime) else runtime(heard)


@dataclass(frozen=True)
class MustAgree:
    """The runtimes that must agree; `others` are streams beside the kernel's tiers."""

    graph: Graph
    litert: runtimes.LiteRt
    oracle: runtimes.Oracle
    kernels: Sequence[runtimes.Kernel]
    others: Sequence[Streaming] = field(default=())

    @classmethod
    def of(cls, graph: Graph, model: bytes, blob: bytes, others: Sequence[Streaming] = ()) -> MustAgree:
        """LiteRT's reference kernels, the oracle, and every tier of the kernel that runs here."""
        kernels = [runtimes.Kernel(blob, graph, tier) for tier in runtimes.tiers()]
        return cls(graph, runtimes.LiteRt(model, graph), runtimes.Oracle(graph), kernels, others)

    def rows(self, name: str, heard: Heard, ask: Ask) -> list[dict[str, Any]]:
        """One row a pair of runtimes on the signal called `name`, from what `ask` says that each answers."""
        windowed, litert = ask(self.oracle, heard), ask(self.litert, heard)
        stream, streaming = oracle_stream(self.graph, heard), f"{self.oracle.name}, streaming"
        rows = [
            _row(self.oracle.name, self.litert.name, name, windowed, litert),
            _row(streaming, self.oracle.name, name, stream[heard.hops - 1], windowed),
        ]
        for kernel in self.kernels:
            codes = ask(kernel, heard)
            rows.append(_row(kernel.name, self.litert.name, name, codes[heard.hops - 1], litert))
            rows.append(_row(kernel.name, streaming, name, codes, stream))
        return rows + [_row(other.name, streaming, name, ask(other, heard), stream) for other in self.others]


def equality(graph: Graph, model: bytes, blob: bytes, heard: Mapping[str, Heard]) -> dict[str, Any]:
    """Hold the runtimes that must agree to the bit against each other.

    Parameters
    ----------
    graph, model, blob
        One int8 student as graph, TFLite file and kernel blob.
    heard
        Signals by name.

    Returns
    -------
    `holds`; `about`, a sentence; `rows`, one a pair and signal: `runtime`, `reference`, `signal`, `compared` and
    `different` values, `largest` difference in codes, `holds`.
    """
    agreeing = MustAgree.of(graph, model, blob)
    rows = [row for name, audio in heard.items() for row in agreeing.rows(name, audio, answer)]
    return {"holds": all(row["holds"] for row in rows), "about": ABOUT, "rows": rows}


def oracle_stream(graph: Graph, heard: Heard) -> NDArray[np.int8]:
    """What the oracle's stream says of every hop, int8 [hops, controls]."""
    return reference.run(graph, heard.codes)[-1][-heard.pushed // graph.hop :]


def _row(runtime: str, against: str, signal: str, codes: NDArray[np.int8], truth: NDArray[np.int8]) -> dict[str, Any]:
    difference = np.abs(codes.astype(np.int16) - truth)
    different = int(np.count_nonzero(difference))
    return {
        "runtime": runtime,
        "reference": against,
        "signal": signal,
        "compared": int(difference.size),
        "different": different,
        "largest": int(difference.max(initial=0)),
        "holds": different == 0,
    }
