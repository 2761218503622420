"""Recipes that only LiteRT runs: a folder with the TFLite file, ONNX, and a report of how far it is from float."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from facelite import companding, data, reference
from facelite.atomic import write_bytes
from facelite.compare import distance
from facelite.graph import Graph
from facelite.speech import audio

from .litert import Windowed
from .recipes import Files, FloatStudent
from .sources import Source

REPORT_NAME = "report.json"

LEVELS_DB = (0.0, -20.0, -30.0, -40.0)

_WINDOWS = 16
"""Of the packaged sentence, at each level; LiteRT's 16-bit kernels take milliseconds a window."""


def write(opened: Source, student: FloatStudent, files: Files, recipe: str, folder: Path) -> dict[str, Any]:
    """Write a recipe's files and report.json; returns what that says.

    Returns
    -------
    `litert_only`, `about`, `recipe`, `source`, `student`, `window`, `lookahead`, `sample_rate`, `controls`, `files`
    (bytes by name), and `error`: by level in dB, the distance of LiteRT's curves from the float student's.
    """
    for name, made in files.items():
        write_bytes(folder / name, made)
    exported = opened.onnx()
    if exported is not None:
        write_bytes(folder / "student.onnx", exported)
    (model,) = files.values()
    report = {
        "litert_only": True,
        "about": f"made with --recipe {recipe}, whose 16-bit activations LiteRT alone runs: no blob, no C, no stream",
        "recipe": recipe,
        "source": str(opened.path),
        "student": student.graph.name,
        "window": student.graph.window,
        "lookahead": student.graph.lookahead,
        "sample_rate": student.graph.sample_rate,
        "companding": student.graph.companding,
        "controls": list(student.graph.controls),
        "files": {path.name: path.stat().st_size for path in sorted(folder.iterdir())},
        "error": errors(Windowed(model, student.graph.companding), student.graph),
    }
    write_bytes(folder / REPORT_NAME, json.dumps(report, indent=2).encode() + b"\n")
    return report


def errors(runtime: Windowed, graph: Graph) -> dict[str, dict[str, float | None]]:
    """`distance` of a file's curves from the float graph's, by level in dB, on windows of the packaged sentence."""
    sentence = audio.read(data.demo_clip().path, graph.sample_rate)
    found = {}
    for level in LEVELS_DB:
        pcm = companding.to_int16(np.pad(sentence * np.float32(10 ** (level / 20)), (0, graph.window)))
        starts = np.linspace(0, len(sentence), _WINDOWS).astype(int)
        windows = [pcm[start : start + graph.window] for start in starts]
        heard = [companding.decode(companding.encode(window, graph.companding)) for window in windows]
        exact = [reference.run_window(graph, window) for window in heard]
        found[f"{level:g}"] = distance(runtime.curves(windows), np.stack(exact))
    return found
