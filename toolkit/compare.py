"""One student on every runtime: which agree to the bit, as they must, and how far the others are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import companding, reference, runtimes
from .errors import BadInput
from .graph import Graph, Quant
from .runtimes import Heard, Runtime
from .student import BLOB_NAME

Outputs = dict[str, dict[str, NDArray]]
"""Frames of each runtime, by its name and the signal's."""

WINDOWS = 48
"""Windows a signal that windowed runtimes are given; streaming ones are compared on every hop."""


def compare(
    bundle: str | Path, signals: Mapping[str, NDArray], source: str | Path | None = None, windows: int = WINDOWS
) -> dict[str, Any]:
    """Run a bundle on everything and compare.

    Parameters
    ----------
    bundle
        Folder made by `facelite convert`.
    signals
        PCM by name, float32 or int16 [samples] at the student's sample rate.
    source
        The `.keras` file it came from; None leaves Keras out, and float ONNX stands for the float student.
    windows
        Windows a signal.

    Returns
    -------
    `holds`, whether every pair that must be equal is; `about`; `rows`, those pairs; `runtimes`, each one's distance
    to the float student and its histogram of code differences to LiteRT's reference kernels.

    Raises
    ------
    BadInput
        The folder is no bundle, a file of it is damaged, or `source` is not its student.
    """
    from facelite.converters.bundle import ONNX_NAME, TFLITE_NAME, load_graph

    bundle = Path(bundle)
    graph = load_graph(bundle)
    model, blob = runtimes.read(bundle / TFLITE_NAME), runtimes.read(bundle / BLOB_NAME)
    heard = {name: Heard.of(graph, companding.codes(pcm), windows) for name, pcm in signals.items()}
    others: list[Runtime] = [
        runtimes.OnnxRuntime(runtimes.read(bundle / ONNX_NAME), graph),
        runtimes.LiteRt(model, graph, xnnpack=True),
    ]
    if source is not None:
        others.insert(0, _keras(source, graph))
    ours = _Ours.of(graph, model, blob)
    everything = [*others, *ours.all]
    outputs = _run(everything, heard)
    return {**_proof(graph, ours, outputs, heard), "windows": windows, "runtimes": _distances(everything, outputs)}


def equality(graph: Graph, model: bytes, blob: bytes, heard: Mapping[str, Heard]) -> dict[str, Any]:
    """Hold the runtimes that must agree to the bit against each other.

    Parameters
    ----------
    graph, model, blob
        One int8 student as graph, TFLite file and kernel blob.
    heard
        Signals by name.

    Returns
    -------
    `holds`; `about`, a sentence; `rows`, one a pair and signal: `runtime`, `reference`, `signal`, `compared` and
    `different` values, `largest` difference in codes, `holds`.
    """
    ours = _Ours.of(graph, model, blob)
    return _proof(graph, ours, _run(ours.all, heard), heard)


def lsb_histogram(codes: NDArray[np.int8], truth: NDArray[np.int8]) -> dict[str, int]:
    """How many values differ by how many codes, by signed difference."""
    differences, counts = np.unique(codes.astype(np.int16) - truth, return_counts=True)
    return {
        f"{difference:+d}" if difference else "0": int(n) for difference, n in zip(differences, counts, strict=True)
    }


def distance(values: NDArray[np.floating], truth: NDArray[np.floating]) -> dict[str, float | None]:
    """How far real values are from the float student's: errors, SNR in dB, cosine, and best-fitting scale.

    `snr_db` is None for an exact match or a reference of zeros, `cosine` and `scale` for one of zeros.
    """
    error = values.astype(np.float64) - truth
    signal, noise = float(np.sum(truth.astype(np.float64) ** 2)), float(np.sum(error**2))
    dot, own = float(np.sum(values.astype(np.float64) * truth)), float(np.sum(values.astype(np.float64) ** 2))
    return {
        "max_error": float(np.abs(error).max()),
        "mean_error": float(np.abs(error).mean()),
        "snr_db": 10 * float(np.log10(signal / noise)) if signal > 0 and noise > 0 else None,
        "cosine": dot / np.sqrt(signal * own) if signal > 0 and own > 0 else None,
        "scale": dot / signal if signal > 0 else None,
    }


def _row(runtime: str, against: str, signal: str, codes: NDArray[np.int8], truth: NDArray[np.int8]) -> dict[str, Any]:
    difference = np.abs(codes.astype(np.int16) - truth)
    different = int(np.count_nonzero(difference))
    return {
        "runtime": runtime,
        "reference": against,
        "signal": signal,
        "compared": int(difference.size),
        "different": different,
        "largest": int(difference.max(initial=0)),
        "holds": different == 0,
    }


@dataclass(frozen=True)
class _Ours:
    """The runtimes that must agree."""

    litert: runtimes.LiteRt
    oracle: runtimes.Oracle
    kernels: list[runtimes.Kernel]

    @classmethod
    def of(cls, graph: Graph, model: bytes, blob: bytes) -> _Ours:
        kernels = [runtimes.Kernel(blob, graph, tier) for tier in runtimes.tiers()]
        return cls(runtimes.LiteRt(model, graph), runtimes.Oracle(graph), kernels)

    @property
    def all(self) -> list[Runtime]:
        return [self.litert, self.oracle, *self.kernels]


def _run(everything: Sequence[Runtime], heard: Mapping[str, Heard]) -> Outputs:
    return {runtime.name: {name: runtime(audio) for name, audio in heard.items()} for runtime in everything}


def _proof(graph: Graph, ours: _Ours, outputs: Outputs, heard: Mapping[str, Heard]) -> dict[str, Any]:
    litert, oracle = ours.litert, ours.oracle
    streaming = f"{oracle.name}, streaming"
    rows = []
    for name, audio in heard.items():
        windowed = outputs[oracle.name][name]
        rows.append(_row(oracle.name, litert.name, name, windowed, outputs[litert.name][name]))
        stream = reference.run(graph, audio.codes)[-1][-audio.pushed // graph.hop :]
        rows.append(_row(streaming, oracle.name, name, stream[audio.hops - 1], windowed))
        for kernel in ours.kernels:
            rows.append(_row(kernel.name, litert.name, name, outputs[kernel.name][name], outputs[litert.name][name]))
            rows.append(_row(kernel.name, streaming, name, kernel.stream(audio), stream))
    about = (
        "Every int8 output value of the NumPy oracle and of the C kernel, which streams, against LiteRT's reference "
        "kernels, which are given whole windows; and every hop of the stream against the oracle."
    )
    return {"holds": all(row["holds"] for row in rows), "about": about, "rows": rows}


def _distances(everything: Sequence[Runtime], outputs: Outputs) -> list[dict[str, Any]]:
    joined = {name: np.concatenate(list(signals.values())) for name, signals in outputs.items()}
    litert = next(runtime for runtime in everything if runtime.name == "LiteRT reference")
    exact = next((runtime for runtime in everything if runtime.quant is None), litert)
    truth = _real(joined[exact.name], exact.quant)
    rows = []
    for runtime in everything:
        values = joined[runtime.name]
        row: dict[str, Any] = {"runtime": runtime.name, "against": exact.name}
        row |= distance(_real(values, runtime.quant), truth)
        if runtime.quant is not None:
            row["lsb"] = lsb_histogram(values, joined[litert.name])
        rows.append(row)
    return rows


def _real(values: NDArray, quant: Quant | None) -> NDArray[np.float32]:
    if quant is None:
        return values
    return (values.astype(np.int32) - quant.zero_point).astype(np.float32) * np.float32(quant.scale)


def _keras(source: str | Path, graph: Graph) -> Runtime:
    from facelite.converters.frontends import keras

    model = keras.load(source)
    if model.input_shape[1] != graph.window or model.output_shape[-1] != len(graph.controls):
        shapes = f"{model.input_shape} -> {model.output_shape}"
        raise BadInput(source, f"is {shapes}, not the student of this bundle", "give the file it was converted from")
    return runtimes.Keras(model)
