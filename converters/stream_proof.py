"""Holds the TFLite file of one hop against the oracle's stream, as `facelite.compare.equality` holds the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from facelite import reference
from facelite.graph import Graph
from facelite.runtimes import Heard, LiteRtStream

from .backends import tflite_stream


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
    rows = [_row(runtime, graph, name, audio) for name, audio in heard.items()]
    about = f"{proof['about']} So does LiteRT's reference, hop after hop with explicit states."
    return {**proof, "about": about, "rows": [*proof["rows"], *rows], "holds": all(r["holds"] for r in [proof, *rows])}


def _row(runtime: LiteRtStream, graph: Graph, signal: str, heard: Heard) -> dict[str, Any]:
    truth = reference.run(graph, heard.codes)[-1][-heard.pushed // graph.hop :]
    difference = np.abs(runtime.stream(heard).astype(np.int16) - truth)
    different = int(np.count_nonzero(difference))
    return {
        "runtime": runtime.name,
        "reference": "NumPy oracle, streaming",
        "signal": signal,
        "compared": int(difference.size),
        "different": different,
        "largest": int(difference.max(initial=0)),
        "holds": different == 0,
    }
