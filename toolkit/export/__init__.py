"""Curves as files: one module a format, chosen by the file's suffix."""

from __future__ import annotations

from pathlib import Path

from ..curves import Curves
from ..errors import BadInput
from . import arrays, glb, livelink, unity, usd
from .rates import exact, frame_of, nominal_rate

SUFFIXES = (".csv", ".json", ".npz", ".parquet", ".glb", ".usda", ".anim")
"""What `write` can write."""

_TIMECODED = (".csv", ".usda")


def write(
    path: str | Path,
    curves: Curves,
    fps: float | None = None,
    head: str | Path | None = None,
    start: str | None = None,
    node: str | None = None,
) -> Curves:
    """Write `curves` in the format that `path`'s suffix names, whole or not at all.

    Parameters
    ----------
    path
        .csv (Live Link Face), .npz, .json, .parquet, .glb (an animated head), .usda (UsdSkel) or .anim (Unity).
    curves
        Any controls at any frame rate.
    fps
        Frame rate of the file; 23.976, 29.97 and 59.94 mean 1000/1001 of a whole rate. Default: Live Link Face's 60
        for .csv, the curves' own otherwise.
    head
        For .glb: the head to animate. Default: facelite's own.
    start
        For .csv and .usda: timecode of the first frame, ``HH:MM:SS:FF``. Default: 00:00:00:00.
    node
        For .anim: path of the SkinnedMeshRenderer below the Animator. Default: ``head``.

    Returns
    -------
    The curves as written, resampled.

    Raises
    ------
    BadInput
        An unknown suffix, no frames, a frame rate that the format cannot hold, or a head that cannot be animated.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    check(path, fps, head, start, node)
    if len(curves.values) == 0:
        raise BadInput(path, "there are no frames to write", "give audio with at least one sample")
    if fps is None:
        fps = livelink.FPS if suffix == ".csv" else curves.frame_rate
    resampled = curves.resample(exact(fps))
    match suffix:
        case ".csv":
            livelink.write(path, resampled, start)
        case ".json":
            arrays.write_json(path, resampled)
        case ".npz":
            arrays.write_npz(path, resampled)
        case ".parquet":
            arrays.write_parquet(path, resampled)
        case ".glb":
            glb.write(path, resampled, head)
        case ".usda":
            usd.write(path, resampled, start)
        case ".anim":
            unity.write(path, resampled, unity.NODE if node is None else node)
    return resampled


def check(
    path: Path,
    fps: float | None = None,
    head: str | Path | None = None,
    start: str | None = None,
    node: str | None = None,
) -> None:
    """As `write`, before there are curves; the head itself is not read.

    Raises
    ------
    BadInput
        An unknown suffix, something that its format cannot hold, or a frame rate out of range.
    """
    suffix = path.suffix.lower()
    if fps is not None and not 1 <= fps <= 1000:
        raise BadInput("--fps", f"{fps:g} frames a second", "use 1 to 1000")
    if suffix not in SUFFIXES:
        raise BadInput(path, f"curves have no format {path.suffix!r}", f"use one of {', '.join(SUFFIXES)}")
    if head is not None and suffix != ".glb":
        raise BadInput("--head", f"a {suffix} file holds no head of yours", "write .glb")
    if start is not None and suffix not in _TIMECODED:
        raise BadInput("--start", f"a {suffix} file holds no timecode", f"write {' or '.join(_TIMECODED)}")
    if start is not None or (suffix == ".csv" and fps is not None):
        frame_of(start or "00:00:00:00", nominal_rate(exact(fps or livelink.FPS)))
    if node is not None and suffix != ".anim":
        raise BadInput("--node", f"a {suffix} file names no renderer", "write .anim")
