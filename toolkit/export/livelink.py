"""The CSV that Epic's Live Link Face app records: 63 columns, one row a frame.

Columns: `Timecode` as ``HH:MM:SS:FF.sub``, `BlendShapeCount` (61), the 52 ARKit shapes in PascalCase in the
app's order, and nine head and eye rotations. Readers map columns by name; so does this writer.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ..atomic import write_text
from ..controls import ARKIT_52
from ..curves import Curves
from ..errors import BadInput
from .rates import frame_of, nominal_rate, timecode

FPS = 60.0
"""Frame rate the app records at unless told otherwise."""

ROTATIONS: tuple[str, ...] = (
    "HeadYaw", "HeadPitch", "HeadRoll",
    "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
    "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)  # fmt: skip

VALUES: tuple[str, ...] = (*ARKIT_52, *ROTATIONS)
"""Controls in column order, as facelite names them."""

HEADER: tuple[str, ...] = ("Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in VALUES))


def write(path: str | Path, curves: Curves, start: str | None = None) -> None:
    """Write curves, one row a frame.

    Parameters
    ----------
    path
        The .csv file.
    curves
        Their frame rate must be one that timecode counts: a whole number, or 1000/1001 of one (23.976, 29.97,
        59.94). Controls that the format has and the curves lack are written as 0; others are left out.
    start
        Timecode of the first frame, ``HH:MM:SS:FF``; default 00:00:00:00.

    Raises
    ------
    BadInput
        A frame rate that timecode cannot count, a start that is no timecode, or curves without any of the controls.
    """
    nominal = nominal_rate(curves.frame_rate)
    first = frame_of(start, nominal) if start is not None else 0
    if not set(VALUES) & set(curves.controls):
        raise BadInput(path, "Live Link Face has none of these controls", "write .json, .npz or .parquet")
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEADER)
    for index, frame in enumerate(curves.select(VALUES).values):
        rows.writerow((timecode(first + index, nominal), len(VALUES), *(f"{value:.6f}" for value in frame)))
    write_text(path, text.getvalue())
