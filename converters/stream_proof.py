"""Holds the TFLite file of one hop against the oracle's stream, as `facelite.compare.equality` holds the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from facelite import companding, reference
from facelite.graph import Graph
from facelite.runtimes import Heard, LiteRtStream
from numpy.typing import NDArray

from .backends import tflite_stream
from .litert import Windowed


def extended(proof: dict[str, Any], graph: Graph, model: bytes, heard: Mapping[str, Heard]) -> dict[str, Any]:
    """A proof with one more row a signal: LiteRT's reference kernels, hop after hop, on every hop.

    Parameters
    ----------
    proof
        What `facelite.compare.equality` returned for the same graph and signals.
    model
        The graph's file of one hop.
    """
    runtime = LiteRtStream(model, graph, tflite_stream.rest_states(graph))
    rows = [_row(runtime.name, runtime.stream(one), graph, name, one, _all(one)) for name, one in heard.items()]
    return _with(proof, rows, "So does LiteRT's reference, hop after hop with explicit states.")


def with_pcm(
    proof: dict[str, Any], graph: Graph, windowed: bytes, one_hop: bytes, heard: Mapping[str, Heard]
) -> dict[str, Any]:
    """A proof with two more rows a signal: both files that hear int16 PCM, on PCM that compands to `heard`."""
    runtime = Windowed(windowed, graph.companding, reference=True)
    stream = LiteRtStream(one_hop, graph, tflite_stream.rest_states(graph))
    rows = []
    for name, one in heard.items():
        pcm: Any = companding.samples(
            one.codes, graph.companding
        )  # int16 where codes would be int8: these files hear it so
        frames = np.stack([runtime.codes(companding.samples(window, graph.companding)) for window in one.windows])
        rows.append(_row("LiteRT reference, PCM in", frames, graph, name, one, one.hops))
        rows.append(_row(f"{stream.name}, PCM in", stream.stream(replace(one, codes=pcm)), graph, name, one, _all(one)))
    return _with(proof, rows, "So do the files that hear PCM.")


def _with(proof: dict[str, Any], rows: list[dict[str, Any]], about: str) -> dict[str, Any]:
    holds = proof["holds"] and all(row["holds"] for row in rows)
    return {**proof, "about": f"{proof['about']} {about}", "rows": [*proof["rows"], *rows], "holds": holds}


def _all(heard: Heard) -> NDArray[np.int64]:
    """Every hop of a stream."""
    return np.arange(1, heard.pushed // heard.hop + 1)


def _row(
    runtime: str, frames: NDArray[np.int8], graph: Graph, signal: str, heard: Heard, hops: NDArray[np.int64]
) -> dict[str, Any]:
    """`frames` of the hops named, counted from 1, against the oracle's."""
    truth = reference.run(graph, heard.codes)[-1][-heard.pushed // heard.hop :][hops - 1]
    difference = np.abs(frames.astype(np.int16) - truth)
    different = int(np.count_nonzero(difference))
    return {
        "runtime": runtime,
        "reference": "NumPy oracle, streaming",
        "signal": signal,
        "compared": int(difference.size),
        "different": different,
        "largest": int(difference.max(initial=0)),
        "holds": different == 0,
    }
