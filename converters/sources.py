"""Model files of every kind, opened and found sound: each gives int8 TFLite and ONNX in a way of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from facelite import reference, spec
from facelite.errors import BadInput, FaceliteError
from facelite.graph import Graph
from numpy.typing import NDArray

from . import calibration as calibrating
from . import pair_safe as pairs
from .backends import onnx as to_onnx
from .backends import tflite, tflite_file
from .frontends import keras as keras_frontend
from .frontends import onnx as onnx_frontend
from .frontends import onnx_file, savedmodel
from .frontends import tflite as tflite_frontend
from .lower import INPUT_QUANT, lower
from .network import Network
from .quantise import quantise

Clips = Sequence[NDArray[np.float32]]

_TOLERANCE = 1e-4
"""Largest difference between a float graph and its own file in ONNX Runtime, as a share of the largest output: both
sum float32 products in orders of their own, and 1e-6 is usual."""


class Source(Protocol):
    """A student that can be converted."""

    @property
    def path(self) -> Path: ...

    @property
    def spec(self) -> spec.StudentSpec: ...

    def int8(self, clips: Callable[[], Clips], pair_safe: bool) -> bytes:
        """The full-int8 TFLite file. `clips` gives calibration audio, float32 at the student's sample rate."""
        ...

    def graph(self, network: Network) -> Graph:
        """The int8 graph of that file, as it was read back."""
        ...

    def onnx(self, tflite_path: Path) -> bytes:
        """The ONNX file."""
        ...


def open_source(path: Path, spec_file: str | Path | None) -> Source:
    """Open a model for streaming, and its spec.

    Raises
    ------
    BadInput, Unsupported
        Neither a known kind of file nor sound, with operators of no student, or not what its spec says.
    """
    if path.is_dir() and (path / savedmodel.FILE_NAME).is_file():
        return _OnnxSource(path, _spec(path, spec_file), savedmodel.load(path))
    if path.suffix == ".keras":
        return _KerasSource.open(path, spec_file)
    if path.suffix == ".tflite":
        tflite_frontend.load(path)
        return _TfliteSource(path, _spec(path, spec_file))
    if path.suffix == ".onnx":
        raw = onnx_file.read(path)
        onnx_frontend.network(raw, path)
        return _OnnxSource(path, _spec(path, spec_file), raw)
    raise unknown_kind(path)


def unknown_kind(path: Path) -> BadInput:
    """What to say of a file that is no model."""
    kinds = "a .keras, .onnx or full-int8 .tflite student, or a SavedModel folder"
    return BadInput(path, "is no model file" if path.exists() else "does not exist", f"give {kinds}")


def check_controls(student: spec.StudentSpec, outputs: int, path: Path) -> None:
    """Raise BadInput unless a model with so many outputs is the one that the spec names controls for."""
    if outputs != len(student.controls):
        problem = f"controls names {len(student.controls)} controls, but {path} gives {outputs}"
        raise BadInput(student.source, problem, "give one name an output")


@dataclass(frozen=True, eq=False)
class _KerasSource:
    path: Path
    spec: spec.StudentSpec
    model: Any

    @classmethod
    def open(cls, path: Path, spec_file: str | Path | None) -> _KerasSource:
        model = keras_frontend.load(path)
        student = _spec(path, spec_file)
        check_controls(student, model.output_shape[-1], path)
        return cls(path, student, model)

    def int8(self, clips: Callable[[], Clips], pair_safe: bool) -> bytes:
        model = tflite.convert(self.model, calibrating.windows(clips(), self.model.input_shape[1]))
        return pairs.rewrite(model) if pair_safe else model

    def graph(self, network: Network) -> Graph:
        scale = network.values[network.input].quant
        if scale != INPUT_QUANT:
            raise FaceliteError(f"{self.path}: TFLiteConverter gave the input {scale}, not scale 1/127, zero point 0")
        return lower(self._with_layer_names(network), self.spec)

    def _with_layer_names(self, network: Network) -> Network:
        """The nodes under their Keras names: TensorFlow appends `_1` to those that its graph has met before."""
        known = {layer.name for layer in self.model.layers}
        shorter = {f"{name}_1": name for name in known if f"{name}_1" not in known}
        nodes = tuple(replace(node, name=shorter.get(node.name, node.name)) for node in network.nodes)
        return replace(network, nodes=nodes)

    def onnx(self, tflite_path: Path) -> bytes:
        return to_onnx.from_keras(self.model, self.spec.name)


@dataclass(frozen=True, eq=False)
class _TfliteSource:
    path: Path
    spec: spec.StudentSpec

    def int8(self, clips: Callable[[], Clips], pair_safe: bool) -> bytes:
        return self.path.read_bytes()

    def graph(self, network: Network) -> Graph:
        return lower(replace(network, source=str(self.path)), self.spec)

    def onnx(self, tflite_path: Path) -> bytes:
        return to_onnx.from_tflite(tflite_path, self.spec.name)


@dataclass(frozen=True, eq=False)
class _OnnxSource:
    """Float, or QDQ: then its scales are kept."""

    path: Path
    spec: spec.StudentSpec
    raw: onnx_file.RawOnnx

    def int8(self, clips: Callable[[], Clips], pair_safe: bool) -> bytes:
        graph = lower(onnx_frontend.network(self.raw, self.path), self.spec)
        if graph.quantised:
            return tflite_file.pack(graph)
        heard = calibrating.utterances(clips(), graph.window)
        self._check_float(graph, heard[0])
        model = tflite_file.pack(quantise(graph, heard))
        return pairs.rewrite(model) if pair_safe else model

    def graph(self, network: Network) -> Graph:
        return lower(network, self.spec)

    def onnx(self, tflite_path: Path) -> bytes:
        return to_onnx.from_onnx(self.raw, self.path, self.spec.name, len(self.spec.controls))

    def _check_float(self, graph: Graph, heard: NDArray[np.float32]) -> None:
        """Hold the graph against its own file, run by ONNX Runtime on the loudest window."""
        start = max(0, int(np.argmax(np.abs(heard))) - graph.window // 2)
        window = heard[start : start + graph.window]
        window = np.concatenate([np.zeros(graph.window - len(window), np.float32), window])
        theirs = to_onnx.run(self.onnx(self.path), window, self.path)
        if not np.all(np.isfinite(theirs)):
            raise BadInput(self.path, "gives values that are not finite", "train or export it again")
        error = np.abs(reference.run_window(graph, window) - theirs).max()
        if not error <= _TOLERANCE * max(1.0, float(np.abs(theirs).max())):
            raise FaceliteError(f"{self.path}: its graph differs from ONNX Runtime by {error:.3g}; report this")


def _spec(path: Path, spec_file: str | Path | None) -> spec.StudentSpec:
    return spec.load(spec_file) if spec_file is not None else spec.beside(path)
