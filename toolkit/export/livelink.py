"""The CSV that Epic's Live Link Face app records: 63 columns, one row a frame.

Columns: `Timecode` as ``HH:MM:SS:FF.sub``, `BlendShapeCount` (61), the 52 ARKit shapes in PascalCase in the
app's order, and nine head and eye rotations. Readers map columns by name; so does this writer.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from ..atomic import write_text
from ..controls import ARKIT_52
from ..curves import Curves
from ..errors import BadInput

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


def nominal_rate(fps: float) -> int:
    """Frames that timecode counts in a second: 60 for 60 and for 59.94 (non-drop)."""
    nominal = round(fps)
    if not any(abs(fps - rate) < 0.005 for rate in (nominal, nominal * 1000 / 1001)) or not 1 <= nominal <= 240:
        raise BadInput("--fps", f"timecode cannot count {fps:g} frames a second", "use 24, 25, 29.97, 30, 50 or 60")
    return nominal


def timecode(index: int, nominal: int) -> str:
    """Non-drop timecode of frame `index`; frames lie on the grid, so the subframe is always 000."""
    seconds, frame = divmod(index, nominal)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour % 24:02d}:{minute:02d}:{second:02d}:{frame:02d}.000"


def frame_of(text: str, nominal: int) -> int:
    """Number of the frame that a non-drop timecode names; the reverse of `timecode`."""
    fields = re.fullmatch(r"(\d{1,2}):(\d\d):(\d\d):(\d{2,3})", text)
    hour, minute, second, frame = map(int, fields.groups()) if fields else (24, 0, 0, 0)
    if hour > 23 or minute > 59 or second > 59 or frame >= nominal:
        raise BadInput("--start", f"{text!r} is no timecode at {nominal} frames a second", "write HH:MM:SS:FF")
    return ((hour * 60 + minute) * 60 + second) * nominal + frame
