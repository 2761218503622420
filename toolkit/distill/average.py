"""The mean of students that began as one: fine-tuned ones keep what they gained and win back what they lost.

Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022 (start and end of a fine-tuning), and "Model
soups", ICML 2022 (several). It holds only between students that share a start, whose units still mean the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..atomic import replacing, write_text
from ..errors import BadInput
from ..spec import SPEC_NAME
from . import folded
from .exported import STUDENT, read_model, refuse_own

SOURCES = "average.json"


def average(students: Sequence[str | Path], output: str | Path) -> Path:
    """Write the student whose weights are the mean of theirs, its spec, and what it was made of (average.json).

    Parameters
    ----------
    students
        Two or more that `facelite distill` exported: folders or files. Spec and name are the first one's.

    Returns
    -------
    Path
        The new student's file.

    Raises
    ------
    BadInput
        Fewer than two, one cannot be read, one has another architecture or other controls than the first, or the
        output is one of them.
    """
    if len(students) < 2:
        raise BadInput("average", "needs two students or more", "give those that were trained from one start")
    read = [folded.read(path) for path in students]
    first, *others = read
    for other in others:
        if other.config.model_copy(update={"name": first.config.name}) != first.config:
            raise BadInput(other.source, f"is another kind of student than {first.source}", "give ones of one recipe")
    folder = Path(output)
    refuse_own(folder, *(student.source for student in read))
    model = read_model(first.source)
    for name in first.layers:
        layers = zip(*(student.layers[name] for student in read), strict=True)
        model.get_layer(name).set_weights([np.mean(values, axis=0, dtype=np.float64) for values in layers])
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / SPEC_NAME, first.source.with_name(SPEC_NAME).read_text("utf-8"))
    hashes = [student.digest for student in read]
    write_text(folder / SOURCES, json.dumps({"mean of": hashes}, indent=1))
    with replacing(folder / STUDENT) as temporary:
        model.save(temporary)
    return folder / STUDENT
