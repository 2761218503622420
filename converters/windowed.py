"""`--windowed-only`: a student that pads inside its window becomes int8 TFLite and ONNX, and nothing that streams."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from facelite import data
from facelite.atomic import write_bytes
from facelite.compare import distance
from facelite.errors import BadInput
from facelite.spec import StudentSpec
from facelite.speech import audio
from numpy.typing import NDArray

from . import calibration as calibrating
from .backends import keras_model, onnx, tflite
from .frontends import keras as keras_frontend
from .frontends import onnx as onnx_frontend
from .frontends import onnx_file
from .passes import normalise
from .sources import check_answer, check_controls

REPORT_NAME = "report.json"

REASON = (
    "made with --windowed-only: its zero padding inside the window has no equal in a stream, so there is no blob, no "
    "stream and no bit-for-bit proof; it runs window by window in LiteRT and ONNX Runtime"
)

_WINDOWS = 16
"""Windows on which int8 is compared with float."""


def write(
    source: Path,
    spec: StudentSpec,
    folder: Path,
    names: tuple[str, str],
    clips: Callable[[], list[NDArray[np.float32]]],
) -> dict[str, Any]:
    """Write the two model files and the report of a float student.

    Parameters
    ----------
    source
        A `.keras` or float `.onnx` file.
    names
        File names of the TFLite and of the ONNX model.
    clips
        Gives calibration audio, float32 at the student's sample rate.

    Returns
    -------
    What report.json says: `windowed_only`, `about`, `student`, `window`, `files`, and `int8`, the distance of LiteRT's
    reference kernels from ONNX Runtime on packaged speech.

    Raises
    ------
    BadInput, Unsupported
        Another kind of file, one whose answers are not finite, or operators that even a windowed student cannot have.
    FaceliteError
        On the loudest window, what is quantised differs from the ONNX file by more than float rounding.
    """
    model, exported = _opened(source, spec)
    heard = calibrating.windows(clips(), model.input_shape[1], spec.companding)
    loudest = max(heard, key=lambda window: float(np.abs(window).max()))
    ours = np.asarray(model(loudest[None, :, None], training=False)).ravel()
    check_answer(source, ours, onnx.run(exported, loudest, source))
    int8 = tflite.convert(model, heard)
    write_bytes(folder / names[0], int8)
    write_bytes(folder / names[1], exported)
    report = {
        "windowed_only": True,
        "about": REASON,
        "source": str(source),
        "student": spec.name,
        "window": model.input_shape[1],
        "lookahead": spec.lookahead,
        "sample_rate": spec.sample_rate,
        "companding": spec.companding,
        "controls": list(spec.controls),
        "files": {path.name: path.stat().st_size for path in sorted(folder.iterdir())},
        "int8": _int8_distance(int8, exported, source, model.input_shape[1], spec),
    }
    write_bytes(folder / REPORT_NAME, json.dumps(report, indent=2).encode() + b"\n")
    return report


def _opened(source: Path, spec: StudentSpec) -> tuple[Any, bytes]:
    """The Keras model, and the ONNX file."""
    if source.suffix == ".keras":
        model = keras_frontend.load(source, windowed_only=True)
        check_controls(spec, model.output_shape[-1], source)
        return model, onnx.from_keras(model, spec.name)
    if source.suffix != ".onnx":
        raise BadInput(source, "cannot be converted windowed-only", "give a .keras or a float .onnx")
    raw = onnx_file.read(source)
    network = normalise(onnx_frontend.network(raw, source), windowed_only=True)
    if network.quantised:
        raise BadInput(source, "is int8 already", "run it as it is, or give the float model")
    model = keras_model.build(network)
    check_controls(spec, model.output_shape[-1], source)
    return model, onnx.from_onnx(raw, source, spec.name, len(spec.controls))


def _int8_distance(
    int8: bytes, exported: bytes, source: Path, window: int, spec: StudentSpec
) -> dict[str, float | None]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(model_content=int8, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    scale, zero_point = made["quantization"]
    found, exact = [], []
    speech = audio.read(data.demo_clip().path, spec.sample_rate)
    for values in calibrating.windows([speech], window, spec.companding, _WINDOWS):
        interpreter.set_tensor(given["index"], np.rint(values * 127).astype(np.int8).reshape(given["shape"]))
        interpreter.invoke()
        codes = interpreter.get_tensor(made["index"]).ravel()
        found.append((codes.astype(np.float32) - zero_point) * np.float32(scale))
        exact.append(onnx.run(exported, values, source))
    return distance(np.concatenate(found), np.concatenate(exact))
