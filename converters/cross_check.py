"""Holds our int8 of a Keras student against the file that TFLiteConverter makes of it, a quantiser of another hand."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from facelite import companding, data, reference
from facelite.compare import distance
from facelite.graph import Conv, Graph
from facelite.requantise import quant_of
from facelite.spec import StudentSpec
from facelite.speech import audio
from numpy.typing import NDArray

from . import calibration
from .backends import tflite
from .frontends import tflite as tflite_frontend
from .lower import lower
from .quantise import at_scales

LEVELS_DB = (0.0, -20.0, -30.0, -40.0)

_WINDOWS = 64
"""Of the sentence, at each level."""


def cross_check(
    model: Any, spec: StudentSpec, graph: Graph, ours: Graph, clips: Sequence[NDArray[np.float32]]
) -> dict[str, Any]:
    """Compare weights to the bit and curves by their error.

    Parameters
    ----------
    model, graph, ours
        The Keras student, its float graph, and the int8 graph that we made of it.
    clips
        Calibration audio, float32 at the student's sample rate.

    Returns
    -------
    `integers`: weights and biases of the convolutions, and `different`, how many of them TFLiteConverter rounds
    otherwise when our quantiser is given its activation scales (None when it arranged the layers in another way).
    `snr_db`: by level, the int8 error of `ours` and of `theirs` against the float student, on the packaged sentence of
    the demonstration.
    """
    theirs = _theirs(model, spec, clips)
    integers, different = _integers(graph, theirs) or (None, None)
    sentence = audio.read(data.demo_clip().path, spec.sample_rate)
    played = {f"{level:g}": sentence * np.float32(10 ** (level / 20)) for level in LEVELS_DB}
    errors = {
        level: _errors(graph, ours, theirs, companding.codes(pcm, graph.companding)) for level, pcm in played.items()
    }
    return {"integers": integers, "different": different, "snr_db": errors}


def _theirs(model: Any, spec: StudentSpec, clips: Sequence[NDArray[np.float32]]) -> Graph:
    made = tflite.convert(model, calibration.windows(clips, model.input_shape[1], spec.companding))
    with tempfile.TemporaryDirectory(prefix="facelite-") as folder:
        file = Path(folder) / "theirs.tflite"
        file.write_bytes(made)
        return lower(tflite_frontend.load(file), spec)


def _integers(graph: Graph, theirs: Graph) -> tuple[int, int] | None:
    if [type(op) for op in graph.ops] != [type(op) for op in theirs.ops]:
        return None
    ours = at_scales(graph, [quant_of(theirs, index + 1) for index in range(len(theirs.ops))])
    pairs = [(a, b) for a, b in zip(ours.ops, theirs.ops, strict=True) if isinstance(a, Conv) and isinstance(b, Conv)]
    if any(a.weight.shape != b.weight.shape for a, b in pairs):
        return None
    different = sum(int((a.weight != b.weight).sum() + (a.bias != b.bias).sum()) for a, b in pairs)
    return sum(a.weight.size + a.bias.size for a, _ in pairs), different


def _errors(graph: Graph, ours: Graph, theirs: Graph, codes: NDArray[np.int8]) -> dict[str, float | None]:
    starts = np.linspace(0, max(0, len(codes) - graph.window), _WINDOWS).astype(int)
    padded = np.concatenate([codes, np.zeros(max(0, graph.window - len(codes)), np.int8)])
    windows = [padded[start : start + graph.window] for start in starts]
    exact = np.stack([reference.run_window(graph, companding.decode(window)) for window in windows])
    made = {}
    for name, one in (("ours", ours), ("theirs", theirs)):
        frames = np.stack([reference.run_window(one, window) for window in windows])
        made[name] = distance(reference.dequantise(one, frames), exact)["snr_db"]
    return made
