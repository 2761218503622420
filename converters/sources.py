"""Model files of every kind, opened and found sound: each gives its graph, and an ONNX file in a way of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from facelite import reference, spec
from facelite.errors import BadInput, FaceliteError
from facelite.graph import Graph
from numpy.typing import NDArray

from . import layer_names
from .backends import onnx as to_onnx
from .frontends import keras as keras_frontend
from .frontends import onnx as onnx_frontend
from .frontends import onnx_file, savedmodel
from .frontends import tflite as tflite_frontend
from .lower import lower

_TOLERANCE = 1e-4
"""Largest difference between a float graph and its own file's runtime, as a share of the largest output: both sum
float32 products in orders of their own, and 1e-6 is usual."""


class Source(Protocol):
    """A student that can be converted."""

    @property
    def path(self) -> Path: ...

    @property
    def spec(self) -> spec.StudentSpec: ...

    def graph(self) -> Graph:
        """Its graph: float, or int8 with the file's own scales."""
        ...

    def int8_file(self) -> bytes | None:
        """The full-int8 TFLite file that it is, kept bit for bit; None of every other kind."""
        ...

    def answer(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the file itself makes of a companded window, [controls], in the runtime that it was made for."""
        ...

    def onnx(self) -> bytes | None:
        """The ONNX file, its ends made ours; None of a TFLite file, which has none of its own."""
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
        return KerasSource.open(path, spec_file)
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


def check_float(source: Source, graph: Graph, heard: NDArray[np.float32]) -> None:
    """Hold a float graph against its own file on the loudest window of companded audio `heard`, [samples].

    Raises
    ------
    BadInput
        The file gives values that are not finite.
    FaceliteError
        The two differ by more than float rounding.
    """
    start = max(0, int(np.argmax(np.abs(heard))) - graph.window // 2)
    window = heard[start : start + graph.window]
    window = np.concatenate([np.zeros(graph.window - len(window), np.float32), window])
    check_answer(source.path, reference.run_window(graph, window), source.answer(window))


def check_answer(path: Path, ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> None:
    """Hold controls that we make of a window against those that the file's own runtime makes of it.

    Raises
    ------
    BadInput
        The file gives values that are not finite.
    FaceliteError
        The two differ by more than float rounding.
    """
    if not np.all(np.isfinite(theirs)):
        raise BadInput(path, "gives values that are not finite", "train or export it again")
    error = np.abs(ours - theirs).max()
    if not error <= _TOLERANCE * max(1.0, float(np.abs(theirs).max())):
        raise FaceliteError(f"{path}: its graph differs from the file's own runtime by {error:.3g}; report this")


@dataclass(frozen=True, eq=False)
class KerasSource:
    """A `.keras` file; its graph is read from the ONNX file that tf2onnx makes of it."""

    path: Path
    spec: spec.StudentSpec
    model: Any

    @classmethod
    def open(cls, path: Path, spec_file: str | Path | None) -> KerasSource:
        """Open it in safe mode; raises what `frontends.keras.load` raises."""
        model = keras_frontend.load(path)
        student = _spec(path, spec_file)
        check_controls(student, model.output_shape[-1], path)
        return cls(path, student, model)

    @cached_property
    def _exported(self) -> bytes:
        return to_onnx.from_keras(self.model, self.spec.name)

    def graph(self) -> Graph:
        network = onnx_frontend.network(onnx_file.decode(self._exported, self.path), self.path)
        return layer_names.restored(lower(network, self.spec), _names(self.model))

    def int8_file(self) -> None:
        return None

    def answer(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(self.model(window[None, :, None], training=False)).ravel()

    def onnx(self) -> bytes:
        return self._exported


@dataclass(frozen=True, eq=False)
class _TfliteSource:
    path: Path
    spec: spec.StudentSpec

    def graph(self) -> Graph:
        return lower(tflite_frontend.load(self.path), self.spec)

    def int8_file(self) -> bytes:
        return self.path.read_bytes()

    def answer(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        raise BadInput(self.path, "is int8 already", "give the float model")

    def onnx(self) -> None:
        return None


@dataclass(frozen=True, eq=False)
class _OnnxSource:
    """Float, or QDQ: then its scales are kept."""

    path: Path
    spec: spec.StudentSpec
    raw: onnx_file.RawOnnx

    def graph(self) -> Graph:
        return lower(onnx_frontend.network(self.raw, self.path), self.spec)

    def int8_file(self) -> None:
        return None

    def answer(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        return to_onnx.run(self.onnx(), window, self.path)

    def onnx(self) -> bytes:
        return to_onnx.from_onnx(self.raw, self.path, self.spec.name, len(self.spec.controls))


def _names(model: Any) -> list[str]:
    """Of every layer, those inside nested models included."""
    inner = [_names(layer) if hasattr(layer, "layers") else [layer.name] for layer in model.layers]
    return [name for names in inner for name in names]


def _spec(path: Path, spec_file: str | Path | None) -> spec.StudentSpec:
    return spec.load(spec_file) if spec_file is not None else spec.beside(path)
