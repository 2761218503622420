"""A student at half the size, for the repository: `python -m facelite.distill.half STUDENT FOLDER`.

Weights keep the 11 bits of a float16's significand. They stay float32 in the file, so that whatever reads a student
reads this one; what was rounded away is zeros, which deflate takes out.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from pathlib import Path

import numpy as np

from .. import spec
from ..atomic import replacing, write_text
from ..errors import BadInput
from .exported import STUDENT, read_model, refuse_own, student_file


def halve(student: Path, folder: Path) -> None:
    """Write the exported student, a file or the folder that holds it, to `folder`, in half precision and compressed.

    Raises
    ------
    BadInput
        There is no such student, it lies in `folder`, or a weight is beyond float16's range.
    """
    file = student_file(student)
    refuse_own(folder, file)
    read = spec.load(file.with_name(spec.SPEC_NAME))
    model = read_model(file)
    with np.errstate(over="ignore"):
        weights = [value.astype(np.float16).astype(np.float32) for value in model.get_weights()]
    if not all(np.isfinite(value).all() for value in weights):
        raise BadInput(file, "has a weight that float16 cannot hold", "keep it as it is")
    model.set_weights(weights)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / STUDENT) as temporary:
        model.save(temporary)
        _deflate(temporary)
    write_text(folder / spec.SPEC_NAME, spec.text(read))


def _deflate(archive: Path) -> None:
    with zipfile.ZipFile(archive) as plain:
        parts = {name: plain.read(name) for name in plain.namelist()}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)


def main() -> int:
    """The command line above; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m facelite.distill.half", description=__doc__)
    parser.add_argument("student", type=Path, help="student.keras, or the run folder that holds it")
    parser.add_argument("folder", type=Path, help="where it goes")
    given = parser.parse_args()
    try:
        halve(given.student, given.folder)
    except BadInput as error:
        print(f"half: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
