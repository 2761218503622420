"""Reads a TFLite flatbuffer into plain data, trusting none of it.

flatbuffers' Python accessors check almost nothing, so every length is held against the size of the file before
anything is looped over or allocated, and whatever an accessor raises on a broken offset becomes one `BadInput`.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from facelite.errors import BadInput
from numpy.typing import NDArray

MAX_BYTES = 1 << 26
"""Largest model read: a student weighs about 1 MB, so 64 MB is somebody else's model."""

MAX_ENTRIES = 4096
"""Most tensors, operators or list elements read; a student has dozens."""

MAX_RANK = 6
MAX_ELEMENTS = 1 << 26
MAX_NAME = 4096

_TENSOR_NAME, _CUSTOM_CODE = 10, 6
"""Vtable offsets of `Tensor.name` and `OperatorCode.custom_code` (4 + 2 * field number in schema.fbs)."""

_OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "CONV_2D": (
        "Conv2DOptions",
        ("Padding", "StrideW", "StrideH", "DilationWFactor", "DilationHFactor", "FusedActivationFunction"),
    ),
    "FULLY_CONNECTED": ("FullyConnectedOptions", ("FusedActivationFunction", "WeightsFormat")),
    "ADD": ("AddOptions", ("FusedActivationFunction",)),
    "LEAKY_RELU": ("LeakyReluOptions", ("Alpha",)),
    "STRIDED_SLICE": (
        "StridedSliceOptions",
        ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask", "Offset"),
    ),
}
"""Option fields that the frontend reads, by operator."""

_BROKEN = (struct.error, ValueError, TypeError, IndexError, AttributeError, OverflowError, KeyError)
"""What flatbuffers' accessors raise on broken offsets and lengths."""


@dataclass(frozen=True, eq=False)
class RawTensor:
    """A tensor record; `type` is TFLite's name of it ("INT8"), `data` its bytes when it is a constant."""

    name: str
    shape: tuple[int, ...]
    type: str
    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    axis: int
    data: NDArray[np.uint8] | None


@dataclass(frozen=True, eq=False)
class RawOperator:
    """An operator record; a negative input index stands for one left out."""

    code: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any]


@dataclass(frozen=True, eq=False)
class RawModel:
    """The one subgraph of a file."""

    tensors: tuple[RawTensor, ...]
    operators: tuple[RawOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read(path: Path) -> RawModel:
    """Decode the file at `path`.

    Raises
    ------
    BadInput
        It is not a TFLite model, is cut short or corrupt, or uses what no student needs (several subgraphs).
    """
    if not path.is_file():
        raise BadInput(path, "is not a file", "give a .tflite model")
    if path.stat().st_size > MAX_BYTES:
        raise BadInput(path, f"is larger than {MAX_BYTES >> 20} MB", "students are a few MB at most")
    data = path.read_bytes()
    if len(data) < 16 or data[4:8] != b"TFL3":
        raise BadInput(path, "is not a TFLite model (no TFL3 identifier)", "export it again")
    try:
        return _Reader(data).model()
    except _BROKEN as error:
        raise BadInput(path, f"is cut short or corrupt ({error})", "export it again") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema = schema
        self.root = schema.Model.GetRootAs(data, 0)
        self.types = _names(schema.TensorType)
        self.codes = _names(schema.BuiltinOperator)

    def model(self) -> RawModel:
        if self.root.Version() != 3:
            raise ValueError(f"schema version {self.root.Version()}, not 3")
        if self.root.SubgraphsLength() != 1:
            raise ValueError(f"{self.root.SubgraphsLength()} subgraphs where a student has one")
        graph = self.root.Subgraphs(0)
        tensors = tuple(self._tensor(graph.Tensors(i)) for i in range(_count(graph.TensorsLength())))
        operators = tuple(self._operator(graph.Operators(i)) for i in range(_count(graph.OperatorsLength())))
        return RawModel(tensors, operators, _integers(graph.InputsAsNumpy()), _integers(graph.OutputsAsNumpy()))

    def _tensor(self, tensor: Any) -> RawTensor:
        shape = _integers(tensor.ShapeAsNumpy(), MAX_RANK)
        if any(size < 0 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise ValueError(f"a tensor of shape {shape}")
        quantization = tensor.Quantization()
        scales, zero_points, axis = np.zeros(0, np.float32), np.zeros(0, np.int64), 0
        if quantization is not None:
            scales = _vector(quantization.ScaleAsNumpy(), np.float32)
            zero_points = _vector(quantization.ZeroPointAsNumpy(), np.int64)
            axis = quantization.QuantizedDimension()
        name = _text(tensor._tab, _TENSOR_NAME)
        return RawTensor(name, shape, self.types[tensor.Type()], scales, zero_points, axis, self._data(tensor.Buffer()))

    def _data(self, index: int) -> NDArray[np.uint8] | None:
        if not 0 <= index < _count(self.root.BuffersLength()):
            raise ValueError(f"buffer {index} of {self.root.BuffersLength()}")
        buffer = self.root.Buffers(index)
        if buffer.Offset() > 1 or buffer.Size() > 1:
            raise ValueError("constants kept outside the flatbuffer")
        data = _vector(buffer.DataAsNumpy(), np.uint8)
        return data if len(data) else None

    def _operator(self, operator: Any) -> RawOperator:
        index = operator.OpcodeIndex()
        if not 0 <= index < _count(self.root.OperatorCodesLength()):
            raise ValueError(f"operator code {index} of {self.root.OperatorCodesLength()}")
        record = self.root.OperatorCodes(index)
        code = self.codes.get(max(record.BuiltinCode(), record.DeprecatedBuiltinCode()), "unknown")
        if code == "CUSTOM":
            code = f"CUSTOM {_text(record._tab, _CUSTOM_CODE)}"
        inputs, outputs = _integers(operator.InputsAsNumpy()), _integers(operator.OutputsAsNumpy())
        return RawOperator(code, inputs, outputs, self._options(code, operator))

    def _options(self, code: str, operator: Any) -> dict[str, Any]:
        if code not in _OPTIONS:
            return {}
        kind, fields = _OPTIONS[code]
        table = operator.BuiltinOptions()
        if table is None or operator.BuiltinOptionsType() != getattr(self.schema.BuiltinOptions, kind):
            raise ValueError(f"{code} without {kind}")
        options = getattr(self.schema, kind)()
        options.Init(table.Bytes, table.Pos)
        return {name: getattr(options, name)() for name in fields}


def _names(enum: type) -> dict[int, str]:
    return {value: name for name, value in vars(enum).items() if isinstance(value, int)}


def _count(length: int) -> int:
    if not 0 <= length <= MAX_ENTRIES:
        raise ValueError(f"a list of {length} entries")
    return length


def _text(table: Any, field: int) -> str:
    """A string field, its length checked before it is copied."""
    offset = table.Offset(field)
    if offset == 0:
        return ""
    if table.VectorLen(offset) > MAX_NAME:
        raise ValueError(f"a name of {table.VectorLen(offset)} bytes")
    return table.String(offset + table.Pos).decode("utf-8", "replace")


def _vector(values: Any, dtype: type) -> NDArray:
    # An absent vector reads as the integer 0.
    return np.zeros(0, dtype) if isinstance(values, int) else np.asarray(values).astype(dtype, copy=False)


def _integers(values: Any, limit: int = MAX_ENTRIES) -> tuple[int, ...]:
    vector = _vector(values, np.int64)
    if len(vector) > limit:
        raise ValueError(f"a list of {len(vector)} entries")
    return tuple(vector.tolist())
