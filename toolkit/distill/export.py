"""A trained student as files: the window that converters take, and its spec."""

from __future__ import annotations

from pathlib import Path

import keras

from ..atomic import replacing, write_text
from ..spec import SPEC_NAME, StudentSpec, text
from . import students
from .architecture import StudentConfig
from .calibrate import Calibration

BEST = "best.keras"


def export(model: keras.Model, student: StudentConfig, path: Path, calibration: Calibration | None = None) -> None:
    """Write the windowed student to `path`, and its spec beside it.

    Parameters
    ----------
    model
        Made by `students.trainer`, in float32.
    """
    spec = StudentSpec(
        name=student.name,
        sample_rate=student.sample_rate,
        lookahead=student.lookahead,
        controls=student.controls,
        smoothing=student.smoothing,
        companding=student.companding,
    )
    write_text(path.with_name(SPEC_NAME), text(spec))
    with replacing(path) as temporary:
        students.windowed(student, model, calibration).save(temporary)
