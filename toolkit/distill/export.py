"""A trained student as files: the window that converters take, and its spec."""

from __future__ import annotations

from pathlib import Path

import keras

from ..atomic import replacing, write_text
from ..spec import SPEC_NAME
from . import students
from .architecture import StudentConfig
from .calibrate import Calibration

STUDENT, BEST = "student.keras", "best.keras"


def export(model: keras.Model, student: StudentConfig, path: Path, calibration: Calibration | None = None) -> None:
    """Write the windowed student to `path`, and its spec beside it.

    Parameters
    ----------
    model
        Made by `students.trainer`, in float32.
    """
    write_text(path.with_name(SPEC_NAME), spec_text(student))
    with replacing(path) as temporary:
        students.windowed(student, model, calibration).save(temporary)


def spec_text(student: StudentConfig) -> str:
    """The student.toml that tells a converter what the model file does not."""
    controls = "".join(f'    "{name}",\n' for name in student.controls)
    return (
        f'name = "{student.name}"\n'
        f"sample_rate = {student.sample_rate} # Hz\n"
        f"lookahead = {student.lookahead} # samples\n"
        f"smoothing = {str(student.smoothing).lower()}\n"
        f'companding = "mulaw"\n'
        f"controls = [\n{controls}]\n"
    )
