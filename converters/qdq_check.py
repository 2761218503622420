"""Holds the QDQ ONNX file, as ONNX Runtime computes it, against the graph's own integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from facelite import companding, reference
from facelite.compare import lsb_histogram
from facelite.graph import Graph
from facelite.requantise import quant_of
from facelite.runtimes import OnnxRuntime
from numpy.typing import NDArray

_WINDOWS = 24
"""Of the sentence at each of two levels."""


def against_oracle(graph: Graph, model: bytes, speech: NDArray[np.float32]) -> dict[str, Any]:
    """Output codes of both on windows of speech, as it is and 30 dB down.

    ONNX Runtime forms each scale's quotient in float32 and rounds half to even, once; TFLite's rule has a Q31
    multiplier, rounds half away from zero, in convolutions twice. So some codes differ by one, and in deep students a
    few by more.

    Parameters
    ----------
    speech
        float32 [samples] at the student's sample rate.

    Returns
    -------
    `compared` values, how many are `different`, the `largest` difference in codes, and `lsb`, a count by difference.
    """
    played = np.concatenate([speech, speech * np.float32(10 ** (-30 / 20))])
    codes = companding.codes(played, graph.companding)
    starts = np.linspace(0, max(0, len(codes) - graph.window), 2 * _WINDOWS).astype(int)
    padded = np.concatenate([codes, np.zeros(max(0, graph.window - len(codes)), np.int8)])
    windows = [padded[start : start + graph.window] for start in starts]
    truth = np.stack([reference.run_window(graph, window) for window in windows])
    quant = quant_of(graph, len(graph.ops))
    runtime = OnnxRuntime(model, graph)
    real = np.stack([runtime.outputs(companding.decode(window))[0].ravel() for window in windows])
    found = (np.rint(real / np.float32(quant.scale)) + quant.zero_point).astype(np.int8)
    difference = np.abs(found.astype(np.int16) - truth)
    return {
        "compared": int(truth.size),
        "different": int(np.count_nonzero(difference)),
        "largest": int(difference.max()),
        "lsb": lsb_histogram(found, truth),
    }
