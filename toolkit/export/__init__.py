"""Curves as files: one module a format, chosen by the file's suffix."""

from __future__ import annotations

from pathlib import Path

from ..curves import Curves
from ..errors import BadInput
from . import arrays, glb, livelink

WRITERS = {
    ".csv": livelink.write,
    ".npz": arrays.write_npz,
    ".json": arrays.write_json,
    ".parquet": arrays.write_parquet,
    ".glb": glb.write,
}
"""Suffix -> ``write(path, curves)``."""


def write(
    path: str | Path, curves: Curves, fps: float | None = None, mesh: str | Path | None = None, start: str | None = None
) -> Curves:
    """Write `curves` in the format that `path`'s suffix names, whole or not at all.

    Parameters
    ----------
    path
        .csv (Live Link Face), .npz, .json, .parquet or .glb (an animated mesh).
    curves
        Any controls at any frame rate.
    fps
        Frame rate of the file. Default: Live Link Face's 60 for .csv, the curves' own otherwise.
    mesh
        For .glb: the mesh to animate. Default: facelite's own head.
    start
        For .csv: timecode of the first frame, ``HH:MM:SS:FF``. Default: 00:00:00:00.

    Returns
    -------
    The curves as written, resampled.

    Raises
    ------
    BadInput
        An unknown suffix, no frames, a frame rate that the format cannot hold, or a mesh that cannot be animated.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    writer = WRITERS.get(suffix)
    if writer is None:
        raise BadInput(path, f"curves have no format {path.suffix!r}", f"use one of {', '.join(WRITERS)}")
    if mesh is not None and suffix != ".glb":
        raise BadInput("--mesh", f"a {suffix} file holds no mesh", "write .glb")
    if start is not None and suffix != ".csv":
        raise BadInput("--start", f"a {suffix} file holds no timecode", "write .csv")
    if len(curves.values) == 0:
        raise BadInput(path, "there are no frames to write", "give audio with at least one sample")
    if fps is None:
        fps = livelink.FPS if suffix == ".csv" else curves.frame_rate
    if not 1 <= fps <= 1000:
        raise BadInput("--fps", f"{fps:g} frames a second", "use 1 to 1000")
    resampled = curves.resample(fps)
    if suffix == ".glb":
        glb.write(path, resampled, mesh)
    elif suffix == ".csv":
        livelink.write(path, resampled, start)
    else:
        writer(path, resampled)
    return resampled
