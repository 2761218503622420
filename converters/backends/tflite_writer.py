"""Grows a TFLite file tensor by tensor and operator by operator; what the operators mean is not known here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from facelite.graph import Quant
from numpy.typing import ArrayLike, NDArray

_SCHEMA_VERSION = 3

_OPERATOR_VERSIONS = {"CONV_2D": 3, "FULLY_CONNECTED": 4, "RESHAPE": 1, "RELU_0_TO_1": 1, "RELU_N1_TO_1": 1}
"""Versions that brought int8, per-channel weights included; 2 for every other operator that we write."""

_KINDS = {np.dtype(f"int{bits}"): f"INT{bits}" for bits in (8, 16, 32, 64)}


class Writer:
    """One model of one subgraph; every method that makes a tensor returns its index."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema = schema
        self._model = schema.ModelT()
        self._model.version, self._model.buffers = _SCHEMA_VERSION, [schema.BufferT()]
        self._model.operatorCodes, self._codes = [], dict[str, int]()
        self._model.description = "facelite"
        self._graph = schema.SubGraphT()
        self._graph.tensors, self._graph.operators, self._graph.name = [], [], "main"
        self._model.subgraphs = [self._graph]

    def tensor(self, name: str, shape: Sequence[int], quant: Quant | None, kind: str = "INT8") -> int:
        """An activation; one without a scale holds plain integers."""
        if quant is None:
            return self._tensor(name, shape, kind, None, 0, 0)
        return self._tensor(name, shape, kind, [quant.scale], quant.zero_point, 0)

    def constant(self, name: str, values: NDArray, scale: NDArray[np.float32]) -> int:
        """Weights or a bias, with a scale for each index of the first axis, or one for all, and zero point 0."""
        return self._tensor(name, values.shape, _KINDS[values.dtype], scale, 0, self._buffer(values))

    def code(self, name: str, code: int, quant: Quant) -> int:
        """A constant int8 number."""
        return self._tensor(
            name, [1, 1, 1, 1], "INT8", [quant.scale], quant.zero_point, self._buffer(np.array([code], np.int8))
        )

    def integers(self, name: str, values: Sequence[int]) -> int:
        """A constant list of int32 numbers: a shape, axes, limits."""
        return self._tensor(name, [len(values)], "INT32", None, 0, self._buffer(np.array(values, np.int32)))

    def op(self, code: str, inputs: Sequence[int], output: int, options: str = "", **fields: Any) -> None:
        """Append an operator; `options` names its option table of the schema, and `fields` fill it."""
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._code(code)
        operator.inputs, operator.outputs = list(inputs), [output]
        if options:
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, options)
            operator.builtinOptions = getattr(self._schema, f"{options}T")()
            for name, value in fields.items():
                setattr(operator.builtinOptions, name, value)
        self._graph.operators.append(operator)

    def reshape(self, source: int, target: int, shape: Sequence[int]) -> None:
        """Append the operator that gives `source` the shape of `target`."""
        self.op("RESHAPE", [source, self.integers(f"{self._graph.tensors[target].name}/shape", shape)], target)

    def sign(self, given: dict[str, int], made: dict[str, int]) -> None:
        """Name inputs and outputs, so that an interpreter's signature runner takes and gives them by name."""
        signature = self._schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = "serving_default", 0
        signature.inputs, signature.outputs = self._map(given), self._map(made)
        self._model.signatureDefs = [signature]

    def _map(self, tensors: dict[str, int]) -> list[Any]:
        entries = []
        for name, index in tensors.items():
            entry = self._schema.TensorMapT()
            entry.name, entry.tensorIndex = name, index
            entries.append(entry)
        return entries

    def build(self, given: Sequence[int], made: Sequence[int]) -> bytes:
        """The bytes of the file, whose inputs and outputs are these tensors; the same for the same calls."""
        import flatbuffers

        self._graph.inputs, self._graph.outputs = list(given), list(made)
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self._model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    def _tensor(
        self, name: str, shape: Sequence[int], kind: str, scale: ArrayLike | None, zero_point: int, buffer: int
    ) -> int:
        record = self._schema.TensorT()
        record.name, record.shape, record.buffer = name, [int(size) for size in shape], buffer
        record.type = getattr(self._schema.TensorType, kind)
        if scale is not None:
            quantisation = self._schema.QuantizationParametersT()
            quantisation.scale = np.asarray(scale, np.float32)
            quantisation.zeroPoint = np.full(quantisation.scale.size, zero_point, np.int64)
            quantisation.quantizedDimension = 0
            record.quantization = quantisation
        self._graph.tensors.append(record)
        return len(self._graph.tensors) - 1

    def _buffer(self, values: NDArray) -> int:
        buffer = self._schema.BufferT()
        little = values.astype(values.dtype.newbyteorder("<"))
        buffer.data = np.frombuffer(np.ascontiguousarray(little).tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return len(self._model.buffers) - 1

    def _code(self, code: str) -> int:
        if code not in self._codes:
            record = self._schema.OperatorCodeT()
            record.builtinCode = getattr(self._schema.BuiltinOperator, code)
            record.deprecatedBuiltinCode = min(record.builtinCode, 127)
            record.version = _OPERATOR_VERSIONS.get(code, 2)
            self._codes[code] = len(self._model.operatorCodes)
            self._model.operatorCodes.append(record)
        return self._codes[code]
