"""A teacher's answer to the calibration audio, for quantisation-aware training."""

from __future__ import annotations

import numpy as np
from facelite.errors import BadInput
from facelite.graph import Graph
from facelite.teachers.protocol import needs_phones
from facelite.teachers.registry import open_teacher
from numpy.typing import NDArray


def taught(graph: Graph, audio: NDArray[np.float32], spec: str) -> NDArray[np.float32]:
    """The teacher's curves of an utterance, float32 [samples // hop, controls], in the student's order and rate.

    Parameters
    ----------
    audio
        float32 [samples] at the student's sample rate.
    spec
        As `open_teacher` takes it.

    Raises
    ------
    BadInput
        The teacher needs to be told phones, or lacks one of the student's controls.
    """
    teacher = open_teacher(spec)
    if needs_phones(teacher):
        raise BadInput("--teacher", f"{spec} must be told the phones of what it hears", "give one that listens")
    if missing := [name for name in graph.controls if name not in teacher.controls]:
        raise BadInput("--teacher", f"{spec} has no {', '.join(missing)}", "give the student's own teacher")
    curves = teacher.animate(audio, graph.sample_rate)
    values = curves.select(graph.controls).resample(graph.sample_rate / graph.hop).values
    frames = len(audio) // graph.hop
    return np.pad(values, ((0, max(0, frames - len(values))), (0, 0)), mode="edge")[:frames].astype(np.float32)
