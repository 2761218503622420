"""Whether int8 costs what a viewer could see: closure AP and correlation of recipes against float, on labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from facelite import companding, reference
from facelite.evaluation.conditions import Condition
from facelite.evaluation.references import Reference, references
from facelite.evaluation.run import measure
from facelite.evaluation.speech import open_speech
from facelite.evaluation.subjects import Subject
from facelite.graph import Graph
from facelite.student import Student
from facelite.teachers.protocol import Phone
from numpy.typing import NDArray

from .backends import blob
from .recipes import FloatStudent, int8, int8_pair_safe

LIMITS = {0.0: (0.01, 0.02), -30.0: (0.03, 0.03)}
"""Level in dB -> the most closure AP and the most mean correlation that int8 may lose against float."""

KERNEL_RECIPES = {int8.__name__: False, int8_pair_safe.__name__: True}
"""Recipes that the C kernel runs, so that whole recordings can be judged, and whether each nudges weights."""


def judge(student: FloatStudent, corpus: str | Path, teacher: str, names: Sequence[str]) -> dict[str, Any]:
    """Score the float student and its int8 on a labelled corpus's held-out clips.

    Parameters
    ----------
    corpus
        As `evaluation.speech.open_speech` takes it.
    teacher
        Whose curves are the reference of correlation, as `open_teacher` takes it.
    names
        Recipes; those that no kernel runs are passed over.

    Returns
    -------
    `rows`, one a recipe and level, with `average_precision` and `correlation`, what each `lost` against float (negative
    where int8 is better), the `limit` of each, and `holds`; `clips`; and `holds`, of all.

    Raises
    ------
    BadInput
        The corpus cannot be read or holds no labelled clip.
    """
    spoken = references([clip for clip in open_speech(corpus) if clip.split == "test"], teacher)
    exact = _scores(_float(student.graph), spoken)
    rows = []
    for name in names:
        if name in KERNEL_RECIPES:
            found = _scores(_int8(student.int8(KERNEL_RECIPES[name])), spoken)
            rows += [_row(name, level, found[level], exact[level]) for level in LIMITS]
    return {"clips": len(spoken), "rows": rows, "holds": all(row["holds"] for row in rows)}


def _row(name: str, level: float, found: tuple[float, float], exact: tuple[float, float]) -> dict[str, Any]:
    lost = [before - after for before, after in zip(exact, found, strict=True)]
    holds = all(one <= limit for one, limit in zip(lost, LIMITS[level], strict=True))
    row = {"recipe": name, "level_db": level, "average_precision": found[0], "correlation": found[1]}
    return row | {"lost": lost, "limit": list(LIMITS[level]), "holds": holds}


def _scores(subject: Subject, spoken: Sequence[Reference]) -> dict[float, tuple[float, float]]:
    conditions = {level: Condition(gain_db=level) for level in LIMITS}
    measured = measure(subject, spoken, list(conditions.values())).scores
    found = {}
    for level, condition in conditions.items():
        score = next(reversed(measured[condition.name].values()))  # the last group holds all clips
        found[level] = (score.closure.average_precision if score.closure else float("nan"), score.correlation)
    return found


def _subject(graph: Graph, kind: str, animate: Any) -> Subject:
    def unsmoothed(pcm: NDArray[np.float32], phones: Sequence[Phone]) -> NDArray[np.float32]:
        return animate(pcm)

    controls, parameters = tuple(graph.controls), graph.parameters
    return Subject(
        graph.name, kind, controls, graph.hop, graph.smoothing, graph.lookahead, parameters, None, unsmoothed
    )


def _float(graph: Graph) -> Subject:
    def animate(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        return reference.run_stream(graph, companding.decode(companding.codes(pcm, graph.companding)))

    return _subject(graph, "float", animate)


def _int8(graph: Graph) -> Subject:
    student = Student(blob.pack(graph))
    return _subject(graph, "int8", lambda pcm: student.animate(pcm, smoothing=False))
