"""Recipes side by side: how far each one's file in LiteRT is from the float student by level, its size and speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from facelite import companding, reference
from facelite.compare import distance
from facelite.distill.metrics import correlations
from facelite.errors import BadInput
from facelite.graph import Graph
from numpy.typing import NDArray

from . import calibration
from .litert import Windowed
from .recipes import PCM_NAME, RECIPES, FloatStudent, named
from .sources import check_float, open_source

LEVELS_DB = (0.0, -20.0, -30.0, -40.0)

WINDOWS = 200
"""Of the audio, at each level, spread evenly over what is not silence."""

LINEAR = "linear 8-bit input"
"""Not a recipe but what one would lose: the default's integers, given PCM of 8 bits."""

Progress = Callable[[str], None]


def float_student(source: str | Path, spec_file: str | Path | None = None, method: str | None = None) -> FloatStudent:
    """A student of any float file, with the packaged recordings to calibrate on; raises what `open_source` raises."""
    opened = open_source(Path(source), spec_file)
    graph = opened.graph()
    heard = calibration.utterances(calibration.packaged(graph.sample_rate), graph.window, graph.companding)
    check_float(opened, graph, heard[0])
    return FloatStudent(graph, heard, method) if method else FloatStudent(graph, heard)


def measure(
    student: FloatStudent, clips: Sequence[NDArray[np.float32]], names: Sequence[str], progress: Progress
) -> list[dict[str, Any]]:
    """One row a recipe, and one of the default fed linear PCM of 8 bits.

    Parameters
    ----------
    clips
        Speech that calibrated nothing, float32 at the student's sample rate.
    names
        Of `RECIPES`.

    Returns
    -------
    Each row: `recipe`; `file` and its `bytes`; `ms`, median of one window in LiteRT, one thread; and `levels`, by level
    in dB, `snr_db` and `correlation` (mean over the controls that move) against the float student's curves.
    """
    heard = {level: _windows(clips, student.graph.window, level) for level in LEVELS_DB}
    exact = {level: _exact(student.graph, windows) for level, windows in heard.items()}
    rows = []
    for name in names:
        progress(f"measuring {name}")
        files = named(RECIPES, name, "--recipe")(student)
        file = PCM_NAME if PCM_NAME in files else next(iter(files))
        runtime = Windowed(files[file], student.graph.companding)
        row = {"recipe": name, "file": file, "bytes": len(files[file])}
        rows.append(row | _row(runtime, heard, exact))
        if name == names[0]:
            coarse = {level: [_eight_bits(window) for window in windows] for level, windows in heard.items()}
            linear = row | {"recipe": LINEAR} | _row(runtime, coarse, exact)
    return [*rows, linear]


def _row(
    runtime: Windowed, heard: dict[float, list[NDArray[np.int16]]], exact: dict[float, NDArray[np.float32]]
) -> dict[str, Any]:
    levels, times = {}, list[float]()
    for level, windows in heard.items():
        frames = []
        for window in windows:
            start = time.perf_counter()
            frames.append(runtime.curves([window])[0])
            times.append(time.perf_counter() - start)
        moving = correlations(np.stack(frames), exact[level])
        levels[f"{level:g}"] = {
            "snr_db": distance(np.stack(frames), exact[level])["snr_db"],
            "correlation": float(np.nanmean(moving)) if np.isfinite(moving).any() else None,
        }
    return {"ms": 1000 * float(np.median(times)), "levels": levels}


def _windows(clips: Sequence[NDArray[np.float32]], window: int, level: float) -> list[NDArray[np.int16]]:
    joined = companding.to_int16(np.concatenate(list(clips)) * np.float32(10 ** (level / 20)))
    if len(joined) < window:
        raise BadInput("--audio", f"holds {len(joined)} samples, and a window is {window}", "give longer recordings")
    starts = np.linspace(0, len(joined) - window, WINDOWS).astype(int)
    return [joined[start : start + window] for start in starts]


def _exact(graph: Graph, windows: Sequence[NDArray[np.int16]]) -> NDArray[np.float32]:
    """The float student's frames, of the companded waveform as it was trained on."""
    heard = [companding.decode(companding.encode(pcm, graph.companding)) for pcm in windows]
    return np.stack([reference.run_window(graph, window) for window in heard])


def _eight_bits(pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    return np.clip(np.rint(pcm / 256) * 256, -32768, 32767).astype(np.int16)
