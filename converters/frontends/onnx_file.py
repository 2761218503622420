"""Reads an ONNX file into plain data, trusting none of it.

Every length is held against the bytes that are there before an array is made; nothing outside the model's folder is
opened. Operators are not interpreted here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from facelite.errors import BadInput
from numpy.typing import NDArray

MAX_BYTES = 1 << 26
"""Largest model read, its weights in another file included: a student weighs a few MB."""

MAX_ENTRIES = 4096
"""Most nodes, or numbers in an attribute; a student has dozens."""

MAX_BRANCHES = 64
"""Most subgraphs; PyTorch's older exporter writes two for a squeeze."""

MAX_RANK = 6
MAX_ELEMENTS = 1 << 24
"""Most elements of one tensor, and of all that constants fold into; a student has below 10 million weights."""

MAX_WINDOW = 1 << 20
"""Longest window in samples, the kernel's own limit; a minute."""

MIN_OPSET = 9
"""Since then BatchNormalization always means what inference does; nothing that exports today writes older ones."""

BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, UnicodeDecodeError)
"""What onnx's accessors raise on tensors that contradict themselves."""

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class RawNode:
    """A node record; `op` carries its domain in front unless that is ONNX's own, an empty name is an input left out."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True, eq=False)
class RawBranch:
    """A graph inside an If; it may read whatever its surroundings have made."""

    nodes: tuple[RawNode, ...]
    constants: dict[str, NDArray]
    outputs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RawOnnx:
    """The graph of a file.

    Attributes
    ----------
    opset
        Version of ONNX's operators.
    nodes, constants
        As the file orders them; initialisers by name.
    input, shape
        Name and shape of the one input, its batch set to 1.
    output
        Name of the one output.
    proto
        The decoded message, for `inferred_shapes`.
    """

    opset: int
    nodes: tuple[RawNode, ...]
    constants: dict[str, NDArray]
    input: str
    shape: Shape
    output: str
    proto: Any

    def inferred_shapes(self) -> dict[str, Shape]:
        """Shapes that ONNX's own inference finds, for messages about operators that are not ours; open sizes are 1."""
        import onnx

        try:
            graph = onnx.shape_inference.infer_shapes(self.proto).graph
        except Exception:  # its C++ side raises what it likes, and shapes in a message are all that is lost
            return {}
        described = [*graph.value_info, *graph.output]
        return {value.name: tuple(max(size, 1) for size in _dims(value)) for value in described}


def read(path: Path) -> RawOnnx:
    """Decode the file at `path`.

    Raises
    ------
    BadInput
        It is not an ONNX model, is cut short or corrupt, is of an unknown opset, or has not one input and one output.
    """
    if not path.is_file():
        raise BadInput(path, "is not a file", "give an .onnx model")
    if path.stat().st_size > MAX_BYTES:
        raise BadInput(path, f"is larger than {MAX_BYTES >> 20} MB", "students are a few MB at most")
    return decode(path.read_bytes(), path)


def decode(data: bytes, path: Path) -> RawOnnx:
    """The graph in the bytes of a file; `path` is where weights kept beside it lie, and is named in messages."""
    import onnx

    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
    except Exception as error:  # protobuf's own, which only protobuf could name
        raise BadInput(path, "is no ONNX model, or cut short or corrupt", "export it again") from error
    if not proto.HasField("graph") or not proto.graph.node:
        raise BadInput(path, "holds no ONNX graph", "export it again")
    try:
        return _Reader(proto, path).model()
    except BROKEN as error:
        raise BadInput(path, f"is cut short or corrupt ({error})", "export it again") from error


class _Reader:
    def __init__(self, proto: Any, path: Path) -> None:
        self.proto = proto
        self.graph = proto.graph
        self.path = path
        self.outside = 0
        self.branches = 0

    def model(self) -> RawOnnx:
        opset = self._opset()
        nodes = tuple(self._node(node) for node in _limited(self.graph.node, "nodes"))
        if len(self.graph.sparse_initializer):
            raise BadInput(self.path, "keeps weights as sparse tensors", "export them dense")
        constants = {
            _text(tensor.name): self._array(tensor) for tensor in _limited(self.graph.initializer, "initialisers")
        }
        given = [value for value in self.graph.input if _text(value.name) not in constants]
        made = list(self.graph.output)
        if len(given) != 1 or len(made) != 1:
            problem = f"has {len(given)} inputs and {len(made)} outputs"
            raise BadInput(self.path, problem, "a student has one of each: the waveform and the controls")
        return RawOnnx(
            opset, nodes, constants, _text(given[0].name), self._window(given[0]), _text(made[0].name), self.proto
        )

    def _opset(self) -> int:
        import onnx

        newest = onnx.defs.onnx_opset_version()
        versions = [entry.version for entry in self.proto.opset_import if entry.domain in ("", "ai.onnx")]
        if len(versions) != 1 or not MIN_OPSET <= versions[0] <= newest:
            found = " and ".join(map(str, versions)) or "none"
            raise BadInput(self.path, f"opset {found}", f"export it with an opset from {MIN_OPSET} to {newest}")
        return versions[0]

    def _window(self, value: Any) -> Shape:
        shape = _dims(value)
        if len(shape) > 1:
            shape = (max(shape[0], 1), *shape[1:])
        if not shape or min(shape) < 1 or math.prod(shape) > MAX_WINDOW or len(shape) > MAX_RANK:
            problem = f"input {value.name} of shape {['?' if size < 1 else size for size in shape]}"
            raise BadInput(self.path, problem, "export it with a fixed window, such as [1, 1, 8192]")
        return shape

    def _node(self, node: Any) -> RawNode:
        domain, op = _text(node.domain), _text(node.op_type)
        op = op if domain in ("", "ai.onnx") else f"{domain}.{op}"
        attributes = {_text(attribute.name): self._attribute(attribute) for attribute in node.attribute}
        inputs, outputs = (tuple(map(_text, names)) for names in (node.input, node.output))
        return RawNode(op, _text(node.name), inputs, outputs, attributes)

    def _attribute(self, attribute: Any) -> Any:
        """Numbers, strings, tensors, branches; what else there may be is None."""
        kinds = type(attribute)
        if attribute.type == kinds.TENSOR:
            return self._array(attribute.t)
        if attribute.type in (kinds.INTS, kinds.FLOATS):
            return tuple(_limited(attribute.ints if attribute.type == kinds.INTS else attribute.floats, "numbers"))
        if attribute.type == kinds.STRING:
            return attribute.s.decode("utf-8", "replace")
        if attribute.type == kinds.GRAPH:
            return self._branch(attribute.g)
        return {kinds.INT: attribute.i, kinds.FLOAT: attribute.f}.get(attribute.type)

    def _branch(self, graph: Any) -> RawBranch:
        """Branches inside branches are as deep as the decoder lets them be, 100 levels."""
        self.branches += 1
        if self.branches > MAX_BRANCHES:
            raise ValueError(f"more than {MAX_BRANCHES} subgraphs")
        nodes = tuple(self._node(node) for node in _limited(graph.node, "nodes"))
        constants = {_text(tensor.name): self._array(tensor) for tensor in _limited(graph.initializer, "initialisers")}
        return RawBranch(nodes, constants, tuple(_text(value.name) for value in graph.output))

    def _array(self, tensor: Any) -> NDArray:
        from onnx import helper, numpy_helper

        shape = tuple(tensor.dims)
        if len(shape) > MAX_RANK or any(size < 0 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise ValueError(f"tensor {tensor.name} of shape {list(shape)}")
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
        if dtype.kind not in "fiub":
            raise ValueError(f"tensor {tensor.name} of type {dtype}")
        if tensor.data_location == type(tensor).EXTERNAL:
            raw = self._outside(tensor)
        elif tensor.HasField("raw_data"):
            raw = tensor.raw_data
        else:
            return numpy_helper.to_array(tensor)  # no larger than the list of numbers that it holds
        if len(raw) != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"tensor {tensor.name} of shape {list(shape)} holds {len(raw)} bytes")
        return np.frombuffer(raw, dtype.newbyteorder("<")).reshape(shape).astype(dtype)

    def _outside(self, tensor: Any) -> bytes:
        """Weights that the exporter put into a file of their own, which must lie beside the model."""
        keys = {entry.key: entry.value for entry in tensor.external_data}
        location, offset, length = keys.get("location", ""), int(keys.get("offset", 0)), int(keys.get("length", -1))
        file = self.path.parent / location
        if not location or Path(location).name != location or file.is_symlink():
            raise BadInput(self.path, f"keeps tensor {tensor.name} in {location!r}", "put the file beside the model")
        if not file.is_file():
            raise BadInput(self.path, f"its weights in {location} are missing", "put the file beside the model")
        self.outside += max(length, 0)
        if offset < 0 or length < 0 or offset + length > file.stat().st_size or self.outside > MAX_BYTES:
            raise BadInput(self.path, f"tensor {tensor.name} is not within {location}", "export it again")
        with file.open("rb") as stream:
            stream.seek(offset)
            return stream.read(length)


def _text(text: Any) -> str:
    """A string field; protobuf gives what is not UTF-8 as bytes."""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _limited(entries: Any, what: str) -> Iterable[Any]:
    if len(entries) > MAX_ENTRIES:
        raise ValueError(f"{len(entries)} {what}")
    return entries


def _dims(value: Any) -> Shape:
    """Sizes of a described value; -1 where one is open."""
    dims = value.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in dims)
