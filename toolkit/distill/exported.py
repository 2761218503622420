"""Reading what `export` wrote: where a student's file is, and its model, whatever is wrong with either named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BadInput

if TYPE_CHECKING:
    import keras

STUDENT = "student.keras"


def student_file(student: str | Path) -> Path:
    """The exported student at `student`: its file, or the folder (of a run, too) that holds it.

    Raises
    ------
    BadInput
        There is none.
    """
    path = Path(student)
    file = path / STUDENT if path.is_dir() else path
    if not file.is_file():
        raise BadInput(file, "does not exist", f"give a run that has been evaluated once, or a {STUDENT}")
    return file


def read_model(file: Path) -> keras.Model:
    """The Keras model in `file`.

    Raises
    ------
    BadInput
        It is damaged, or no student.
    """
    from facelite.converters.frontends.keras import load

    return load(file)


def refuse_own(folder: Path, *students: Path) -> None:
    """Refuse to write a student to a `folder` in which one lies that it is made from."""
    target = folder / STUDENT
    if target.exists() and any(target.samefile(student) for student in students):
        raise BadInput(folder, "holds the student that is read", "give another folder")
