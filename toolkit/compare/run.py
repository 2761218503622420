"""A whole comparison of a bundle: every runtime on the same audio, and what gates say of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import companding, reference, runtimes
from ..errors import BadInput, MissingDependency
from ..generated import GeneratedC
from ..graph import Graph
from ..runtimes import Heard, Runtime
from ..student import BLOB_NAME
from ..teachers.protocol import Phone
from . import perceptual
from .gates import Gate, judge
from .layers import Layers
from .numeric import distance, lsb_histogram, per_control
from .peeks import KernelPeek, LiteRtPeek, OnnxPeek, OraclePeek, Peek
from .proof import ABOUT, Ask, MustAgree, answer, streams
from .truth import Truth

_FLOAT_ROUNDING = 1e-3
"""More than any two float runtimes of one student differ by, and less than two students do."""

WINDOWS = 48
"""Windows a signal that windowed runtimes are given; streaming ones are compared on every hop."""

RUN = 12
"""Windows in a row: jitter and speed need neighbours."""


def compare(
    bundle: str | Path,
    signals: Mapping[str, NDArray],
    source: str | Path | None = None,
    windows: int = WINDOWS,
    *,
    phones: Mapping[str, Sequence[Phone]] | None = None,
    spoken: Collection[str] | None = None,
    gates: Sequence[Gate] = (),
    generated: bool = True,
) -> dict[str, Any]:
    """Run a bundle on everything and compare.

    Parameters
    ----------
    bundle
        Folder made by `facelite convert`.
    signals
        PCM by name, float32 or int16 [samples] at the student's sample rate.
    source
        The `.keras` file it came from; None leaves Keras out.
    windows
        Windows a signal.
    phones
        Of signals whose phones are known, by name; closures are then scored against them.
    spoken
        Names of the signals that perceptual measures are taken on; None: all.
    gates
        Limits to hold every runtime against.
    generated
        Whether the bundle's student.c is compiled and run.

    Returns
    -------
    `holds`: every pair that must be equal is, and every gate is kept; `about`; `rows`, those pairs; `runtimes`, one
    row each: `mode`, `frames`, `distance` to the reference, histogram of codes against LiteRT's reference kernels,
    measures of `perceptual.measure`, `controls`, `layers` and where it `parts`; `closures`, what they are scored
    against; `left_out`, runtimes that could not run; `gates`, as `gates.judge` returns them. docs/compare.md
    explains each.

    Raises
    ------
    BadInput
        The folder is no bundle, a file of it is damaged, `source` is not its student, or a gate has nothing to judge.
    """
    from facelite.converters.bundle import load_graph

    bundle = Path(bundle)
    graph = load_graph(bundle)
    truth = Truth.of(bundle, graph)
    heard = {
        name: Heard.of(graph, companding.codes(pcm, graph.companding), windows, RUN) for name, pcm in signals.items()
    }
    cast, left_out = _cast(bundle, graph, source, generated)
    expected = {name: truth.stream(audio) for name, audio in heard.items()}
    lips = {
        name: perceptual.Spoken.of(graph, heard[name], signals[name], expected[name], (phones or {}).get(name, ()))
        for name in (heard if spoken is None else spoken)
    }
    ask = _remembering()
    proof = [row for name, audio in heard.items() for row in cast.agreeing.rows(name, audio, ask)]
    layers = _layers(bundle, graph, truth, cast.agreeing.kernels, heard)
    rows = [_runtime_row(runtime, graph, heard, expected, lips, layers, ask) for runtime in cast.all]
    if source is not None and truth.floating is not None:
        _check_source(source, rows[0])
    litert = {name: ask(cast.agreeing.litert, audio) for name, audio in heard.items()}
    for runtime, row in zip(cast.all, rows, strict=True):
        if runtime.quant is not None:
            row |= _codes(runtime, litert, heard, ask)
    judged = judge(gates, rows)
    return {
        "holds": all(row["holds"] for row in [*proof, *judged]),
        "about": ABOUT,
        "against": truth.name,
        "rows": proof,
        "windows": windows,
        "runtimes": rows,
        "closures": perceptual.about(lips, graph.controls),
        "left_out": left_out,
        "gates": judged,
    }


@dataclass(frozen=True)
class _Cast:
    agreeing: MustAgree
    apart: list[Runtime]

    @property
    def all(self) -> list[Runtime]:
        ours = self.agreeing
        return [*self.apart, ours.litert, *ours.others, ours.oracle, *ours.kernels]


def _cast(bundle: Path, graph: Graph, source: str | Path | None, generated: bool) -> tuple[_Cast, list[dict[str, str]]]:
    """Every runtime that can run here, and why the others cannot."""
    from facelite.converters.backends.tflite_stream import rest_states
    from facelite.converters.bundle import ONNX_NAME, QDQ_NAME, STREAM_NAME, TFLITE_NAME

    model, blob = runtimes.read(bundle / TFLITE_NAME), runtimes.read(bundle / BLOB_NAME)
    one_hop, states = runtimes.read(bundle / STREAM_NAME), rest_states(graph)
    apart: list[Runtime] = [] if source is None else [_keras(source, graph)]
    apart += [
        runtimes.OnnxRuntime(runtimes.read(bundle / ONNX_NAME), graph),
        runtimes.LiteRt(model, graph, xnnpack=True),
        runtimes.LiteRtStream(one_hop, graph, states, xnnpack=True),
    ]
    if (bundle / QDQ_NAME).is_file():
        apart.append(runtimes.QdqOnnx(runtimes.read(bundle / QDQ_NAME), graph))
    others: list[Any] = [runtimes.LiteRtStream(one_hop, graph, states)]
    left_out = [] if source else [{"runtime": "Keras", "why": "no --source was given"}]
    if generated:
        try:
            others.append(GeneratedC(bundle, graph))
        except MissingDependency as error:
            left_out.append({"runtime": GeneratedC.name, "why": str(error)})
    else:
        left_out.append({"runtime": GeneratedC.name, "why": "it was not asked for"})
    return _Cast(MustAgree.of(graph, model, blob, others), apart), left_out


def _layers(
    bundle: Path, graph: Graph, truth: Truth, kernels: Sequence[runtimes.Kernel], heard: Mapping[str, Heard]
) -> Layers:
    """Every runtime that can be opened, looked into."""
    from facelite.converters.bundle import ONNX_NAME, TFLITE_NAME

    model = runtimes.read(bundle / TFLITE_NAME)
    peeks: list[Peek] = [OraclePeek(graph), LiteRtPeek(model, graph), LiteRtPeek(model, graph, xnnpack=True)]
    if truth.floating is not None:
        peeks.append(OnnxPeek(runtimes.read(bundle / ONNX_NAME), graph, truth.floating))
    peeks += [KernelPeek(kernel) for kernel in kernels]
    layers = Layers(graph, truth, peeks, runtimes.Oracle.name, [kernel.name for kernel in kernels])
    layers.look(heard)
    for kernel in kernels:
        layers.scan(kernel, heard)
    return layers


def _remembering() -> Ask:
    """`answer`, each runtime asked once a signal."""
    known: dict[tuple[str, int], NDArray] = {}

    def ask(runtime: Runtime, heard: Heard) -> NDArray:
        key = runtime.name, id(heard)
        if key not in known:
            known[key] = answer(runtime, heard)
        return known[key]

    return ask


def _runtime_row(
    runtime: Runtime,
    graph: Graph,
    heard: Mapping[str, Heard],
    truth: Mapping[str, NDArray],
    lips: Mapping[str, perceptual.Spoken],
    layers: Layers,
    ask: Ask,
) -> dict[str, Any]:
    values = {name: _real(ask(runtime, audio), runtime, graph) for name, audio in heard.items()}
    hops = {
        name: np.arange(1, len(values[name]) + 1) if streams(runtime) else audio.hops for name, audio in heard.items()
    }
    own = np.concatenate([values[name] for name in heard])
    expected = np.concatenate([truth[name][hops[name] - 1] for name in heard])
    return {
        "runtime": runtime.name,
        "mode": "streaming" if streams(runtime) else "windowed",
        "frames": len(own),
        **distance(own, expected),
        **perceptual.measure(lips, values, hops, graph.controls, graph.sample_rate / graph.hop),
        "controls": per_control(own, expected, graph.controls),
        "layers": layers.rows(runtime.name),
        "parts": layers.parts(runtime.name),
    }


def _codes(runtime: Runtime, litert: Mapping[str, NDArray], heard: Mapping[str, Heard], ask: Ask) -> dict[str, Any]:
    """Codes against LiteRT's reference kernels, on the windows that those were given."""
    said = {name: ask(runtime, audio) for name, audio in heard.items()}
    looked_at = [said[name][audio.hops - 1] if streams(runtime) else said[name] for name, audio in heard.items()]
    own, truth = np.concatenate(looked_at), np.concatenate([litert[name] for name in heard])
    steps = np.abs(own.astype(np.int16) - truth)
    return {"lsb": lsb_histogram(own, truth), "max_lsb": int(steps.max(initial=0))}


def _real(frames: NDArray, runtime: Runtime, graph: Graph) -> NDArray[np.float32]:
    return frames if runtime.quant is None else reference.dequantise(graph, frames)


def _check_source(source: str | Path, keras: Mapping[str, Any]) -> None:
    """Float and float differ by rounding alone, unless they are two students."""
    if not keras["max_error"] <= _FLOAT_ROUNDING:
        problem = f"is not the student of this bundle: its curves differ by {keras['max_error']:.3g}"
        raise BadInput(source, problem, "give the file it was converted from")


def _keras(source: str | Path, graph: Graph) -> Runtime:
    from facelite.converters.frontends import keras

    if Path(source).suffix != ".keras":
        mend = "give the .keras it was converted from, or leave --source out"
        raise BadInput(source, "is no .keras file, and --source takes no other", mend)
    model = keras.load(source)
    if model.input_shape[1] != graph.window or model.output_shape[-1] != len(graph.controls):
        shapes = f"{model.input_shape} -> {model.output_shape}"
        raise BadInput(source, f"is {shapes}, not the student of this bundle", "give the file it was converted from")
    return runtimes.Keras(model)
