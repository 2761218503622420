"""Curves as plain arrays: NumPy's .npz for Python, JSON for everything else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..atomic import replacing, write_text
from ..curves import Curves
from ..errors import BadInput

_SECONDS = "seconds"


def write_npz(path: str | Path, curves: Curves) -> None:
    """Arrays `values` float32 [frames, controls], `controls` str [controls] and `frame_rate` float64."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file, values=curves.values, controls=np.array(curves.controls), frame_rate=np.float64(curves.frame_rate)
        )


def write_json(path: str | Path, curves: Curves) -> None:
    """An object of `frame_rate`, `controls` and `frames`, a list of lists rounded to 6 decimals."""
    frames = [[round(float(value), 6) for value in frame] for frame in curves.values]
    document = {"frame_rate": curves.frame_rate, "controls": list(curves.controls), "frames": frames}
    write_text(path, json.dumps(document) + "\n")


def write_parquet(path: str | Path, curves: Curves) -> None:
    """A column `seconds` float64 and one float32 column a control; the frame rate is in the schema's metadata."""
    import pyarrow as pa
    from pyarrow import parquet

    if _SECONDS in curves.controls:
        raise BadInput(path, f"a control is called {_SECONDS!r}, as the column of times is", "rename it, or write .npz")
    columns: dict[str, np.ndarray] = {_SECONDS: np.arange(len(curves.values)) / curves.frame_rate}
    columns |= {name: curves.values[:, column] for column, name in enumerate(curves.controls)}
    table = pa.table(columns).replace_schema_metadata({"frame_rate": repr(float(curves.frame_rate))})
    with replacing(path) as temporary:
        parquet.write_table(table, temporary)
