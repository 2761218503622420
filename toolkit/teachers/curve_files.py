"""Reading animation that exists: Live Link Face's CSV, CSV with times, NumPy's .npz, JSON.

A file's values are taken as they are, of any sign and range; only its times are interpreted.
"""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput

RATE_KEYS = ("frame_rate", "fps", "exportFps")
NAME_KEYS = ("controls", "names", "facsNames")
VALUE_KEYS = ("values", "curves", "frames", "weightMat")
"""Keys of .npz and JSON, first found first: facelite's own, plain ones, Audio2Face's JSON export."""

TIMECODE_RATES = (24, 25, 30, 48, 50, 60, 100, 120)
"""Frames that timecode may count in a second."""

_TIMECODE = re.compile(r"(\d+):(\d\d):(\d\d)[:;](\d+)(?:\.(\d+))?")
_DAY = 86400


@dataclass(frozen=True, eq=False)
class Track:
    """Animation at the times that its file gives.

    Attributes
    ----------
    values
        float32 [frames, controls], at least one frame, finite.
    times
        float64 [frames], seconds, increasing; the first frame of timecode, .npz and JSON stands at 0.
    controls
        One name a column, distinct.
    """

    values: NDArray[np.float32]
    times: NDArray[np.float64]
    controls: tuple[str, ...]


def read(path: str | Path, frame_rate: float | None = None) -> Track:
    """Read an animation file; its suffix chooses the format.

    Parameters
    ----------
    path
        .csv with a `Timecode` column (Live Link Face) or a `time` column in seconds; .npz or .json with names,
        values [frames, controls] and a frame rate.
    frame_rate
        Frames a second, for files that do not say or say it wrongly (29.97 frames under timecode that counts 30).

    Raises
    ------
    BadInput
        The file cannot be read, its frame rate is not known, or its table is ragged, empty, or not finite.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise BadInput(path, f"curves have no format {path.suffix!r}", f"use one of {', '.join(READERS)}")
    try:
        return reader(path, frame_rate)
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror or error})") from None


def _read_csv(path: Path, frame_rate: float | None) -> Track:
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(path, f"is not CSV ({error})", "export it again") from None
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise BadInput(path, "holds no frames", "export it again")
    header = [name.strip() for name in rows[0]]
    if "" in header:
        raise BadInput(path, f"column {header.index('') + 1} has no name", "name it, or leave it out")
    lowered = [name.lower() for name in header]
    clock = next((name for name in ("timecode", "time") if name in lowered), None)
    if clock is None:
        raise BadInput(path, "has neither a Timecode nor a time column", "export it from Live Link Face, or add times")
    if ragged := next((line for line, row in enumerate(rows) if len(row) != len(header)), None):
        raise BadInput(path, f"row {ragged + 1} has {len(rows[ragged])} of {len(header)} columns", "export it again")
    column = lowered.index(clock)
    kept = [index for index, name in enumerate(lowered) if name not in (clock, "blendshapecount")]
    texts = [row[column] for row in rows[1:]]
    try:
        values = np.array([[row[index] for index in kept] for row in rows[1:]], np.float32)
        times = _timecodes(texts, path, frame_rate) if clock == "timecode" else np.array(texts, np.float64)
    except ValueError as error:
        raise BadInput(path, f"holds a cell that is no number ({error})", "export it again") from None
    # Live Link Face writes ARKit's names in PascalCase.
    names = [header[index] for index in kept]
    return _track(path, values, times, [name[0].lower() + name[1:] if clock == "timecode" else name for name in names])


def _timecodes(texts: list[str], path: Path, frame_rate: float | None) -> NDArray[np.float64]:
    """Seconds of each timecode ``HH:MM:SS:FF.sub``; before drop-frame's FF stands a semicolon (SMPTE 12M)."""
    found = [_TIMECODE.fullmatch(text.strip()) for text in texts]
    if None in found:
        raise BadInput(path, f"timecode {texts[found.index(None)]!r}", "write HH:MM:SS:FF or HH:MM:SS:FF.sub")
    fields = np.array([[int(group or 0) for group in match.groups()[:4]] for match in found if match], np.float64)
    part = np.array([float(f"0.{match.group(5) or 0}") for match in found if match])
    count = _counted(fields[:, 3].max(), frame_rate, len(texts), path)
    seconds = fields[:, :3] @ (3600, 60, 1)
    seconds += _DAY * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -_DAY / 2)
    frames, rate = seconds * count + fields[:, 3] + part, float(count)
    if ";" in texts[0]:
        frames, rate = frames - _dropped(seconds // 60, count), count / 1.001
    return (frames - frames[0]) / (frame_rate or rate)


def _dropped(minutes: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Numbers that drop-frame timecode has left out: 2 of 30 (4 of 60) each minute but every tenth."""
    return count // 15 * (minutes - minutes // 10)


def _counted(highest: float, frame_rate: float | None, frames: int, path: Path) -> int:
    """Frames that the timecode counts in a second: given, or the smallest usual rate above its highest count."""
    if frame_rate is not None:
        return round(frame_rate)
    rate = next((rate for rate in TIMECODE_RATES if rate > highest), None)
    if rate is None or frames < rate:
        problem = "its timecode does not tell its frame rate (less than a second, or above 120 a second)"
        raise BadInput(path, problem, "write frame_rate = 60 into curves.toml beside it")
    return rate


def _read_npz(path: Path, frame_rate: float | None) -> Track:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return _from_keys(path, {name: archive[name] for name in archive.files}, frame_rate)
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise BadInput(path, f"is not a readable .npz ({error})", "write it again with numpy.savez") from None


def _read_json(path: Path, frame_rate: float | None) -> Track:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(path, f"is not JSON ({error})", "export it again") from None
    if not isinstance(document, dict):
        raise BadInput(path, "is no JSON object", f"give {RATE_KEYS[0]}, {NAME_KEYS[0]} and {VALUE_KEYS[0]}")
    return _from_keys(path, document, frame_rate)


def _from_keys(path: Path, document: Mapping[str, Any], frame_rate: float | None) -> Track:
    def under(keys: tuple[str, ...]) -> Any:
        key = next((key for key in keys if key in document), None)
        if key is None:
            raise BadInput(path, f"holds none of {', '.join(keys)}", "docs/teachers.md describes the keys")
        return document[key]

    try:
        values = np.asarray(under(VALUE_KEYS), np.float32)
        names = [str(name) for name in under(NAME_KEYS)]
        rate = float(under(RATE_KEYS) if frame_rate is None else frame_rate)
    except (ValueError, TypeError) as error:
        raise BadInput(path, f"holds a table that is not one ({error})", "give numbers [frames, controls]") from None
    if not 0 < rate < 10000:
        raise BadInput(path, f"{rate:g} frames a second", "correct the frame rate")
    if values.ndim != 2:
        raise BadInput(path, f"its values have shape {values.shape}", "give [frames, controls]")
    return _track(path, values, np.arange(len(values)) / rate, names)


def _track(path: Path, values: NDArray[np.float32], times: NDArray[np.float64], names: list[str]) -> Track:
    if values.size == 0 or values.shape[1] != len(names):
        raise BadInput(path, f"values of shape {values.shape} for {len(names)} controls", "export it again")
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(path, f"names {', '.join(doubled)} more than once", "rename one")
    if not np.isfinite(values).all() or not np.isfinite(times).all():
        raise BadInput(path, "holds NaN or infinity", "repair the curves")
    # A recorder that repeats a timecode has nothing new to say; time that runs backwards is another matter.
    if (backwards := np.diff(times) < 0).any():
        raise BadInput(path, f"time runs backwards at frame {int(np.argmax(backwards)) + 1}", "split the takes")
    fresh = np.append(True, np.diff(times) > 0)
    values, times = values[fresh], times[fresh]
    return Track(values, times, tuple(names))


READERS: dict[str, Callable[[Path, float | None], Track]] = {".csv": _read_csv, ".npz": _read_npz, ".json": _read_json}
"""Suffix -> reader."""
