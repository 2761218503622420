"""How far int8 strays from the float student, frame by frame of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import companding, reference, runtimes
from ..compare.truth import Truth
from ..graph import Graph
from ..runtimes import Heard


def errors_over_time(folder: Path, graph: Graph, blob: bytes, audio: NDArray[np.float32]) -> dict[str, Any]:
    """Largest and mean error over the controls of each frame, before smoothing.

    Parameters
    ----------
    audio
        float32 [samples] at the student's rate.

    Returns
    -------
    `against`, what the curves are held against; `control`, of the largest error; `start` in seconds of the first frame
    and `frame_rate`; `largest` and `mean`, one number a frame.
    """
    truth = Truth.of(folder, graph)
    heard = Heard.of(graph, companding.codes(audio, graph.companding), 1)
    kernel = runtimes.Kernel(blob, graph, runtimes.tiers()[-1])
    error = np.abs(reference.dequantise(graph, kernel.stream(heard)) - truth.stream(heard))
    worst = graph.controls[int(np.unravel_index(int(error.argmax()), error.shape)[1])]
    return {
        "against": truth.name,
        "control": worst,
        "start": (graph.hop - graph.lookahead) / graph.sample_rate,
        "frame_rate": graph.sample_rate / graph.hop,
        "largest": [round(float(one), 5) for one in error.max(axis=1)],
        "mean": [round(float(one), 5) for one in error.mean(axis=1)],
    }
