"""What a translator of an ONNX operator sees and writes: one node among the values of a growing network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from facelite.graph import Quant
from numpy.typing import NDArray

from ..network import Crop, Node, Operand, Reshape, Transpose, Value
from .onnx_file import MAX_ELEMENTS, RawNode, RawOnnx, Shape


class Refusal(Exception):
    """Why an operator has no place in a student, in words."""


@dataclass(frozen=True, eq=False)
class Codes:
    """An integer constant and the scale that a DequantizeLinear gives it, one or one an index of `axis`."""

    codes: NDArray
    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]
    axis: int

    @property
    def real(self) -> NDArray[np.float64]:
        """What the codes stand for."""
        shape = [-1 if axis == self.axis else 1 for axis in range(self.codes.ndim)] if self.scale.size > 1 else [1]
        scale, zero_point = (values.reshape(shape) for values in (self.scale.astype(np.float64), self.zero_point))
        return ((self.codes.astype(np.int64) - zero_point) * scale).reshape(self.codes.shape)


Constant = NDArray | Codes


@dataclass
class Build:
    """A network that grows node by node; `index` and `constants` find what a name in the file stands for."""

    raw: RawOnnx
    values: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)
    shapes: dict[str, Shape] | None = None
    folded: int = 0

    def keep(self, name: str, constant: Constant) -> None:
        """A constant that others were folded into."""
        self.folded += constant.codes.size if isinstance(constant, Codes) else constant.size
        if self.folded > MAX_ELEMENTS:
            raise Refusal(f"its constants unfold to more than {MAX_ELEMENTS} numbers")
        self.constants[name] = constant

    def inferred(self, name: str) -> Shape:
        """What ONNX's own inference says of a value's shape; nothing where it does not know."""
        if self.shapes is None:
            self.shapes = self.raw.inferred_shapes()
        return self.shapes.get(name, ())

    def add(self, name: str, shape: Sequence[int], quant: Quant | None = None) -> int:
        """A new value; returns its index."""
        if math.prod(shape) > MAX_ELEMENTS or min(shape, default=1) < 1:
            raise Refusal(f"makes a tensor of shape {list(shape)}")
        self.values.append(Value(name, tuple(map(int, shape)), quant))
        return len(self.values) - 1


@dataclass(frozen=True)
class Scope:
    """One node of the file."""

    build: Build
    raw: RawNode
    name: str

    @property
    def opset(self) -> int:
        return self.build.raw.opset

    def attribute(self, name: str, default: Any = None) -> Any:
        return self.raw.attributes.get(name, default)

    def has(self, position: int) -> bool:
        """Whether input number `position` is given."""
        return position < len(self.raw.inputs) and self.raw.inputs[position] != ""

    def constant(self, position: int) -> Constant | None:
        """Input number `position` if it is a constant."""
        return self.build.constants.get(self.raw.inputs[position]) if self.has(position) else None

    def numbers(self, position: int, finite: bool = True) -> NDArray[np.float64] | None:
        """A constant input as real numbers, or None where it is left out; refused when it is computed.

        Infinite ones are refused unless `finite` is false; those that are no numbers are always.
        """
        if not self.has(position):
            return None
        constant = self.constant(position)
        if constant is None:
            raise Refusal(f"input {position} is computed, not constant")
        values = constant.real if isinstance(constant, Codes) else constant.astype(np.float64)
        if not np.all(np.isfinite(values) if finite else ~np.isnan(values)):
            raise Refusal("a constant that is not finite" if finite else "a constant that is not a number")
        return values

    def integers(self, name: str, position: int, since: int) -> list[int] | None:
        """Integers that are attribute `name`, or from opset `since` on input number `position`; None if left out."""
        if self.opset < since:
            found = self.attribute(name)
            return None if found is None else [int(value) for value in found]
        if not self.has(position):
            return None
        constant = self.constant(position)
        if constant is None or isinstance(constant, Codes):
            raise Refusal(f"input {position} ({name}) is computed, not constant")
        return [int(value) for value in np.ravel(constant)]

    def is_computed(self, position: int) -> bool:
        return self.has(position) and self.raw.inputs[position] in self.build.index

    def value(self, position: int = 0) -> int:
        """Index of a computed input."""
        if not self.is_computed(position):
            raise Refusal(f"input {position} is not computed")
        return self.build.index[self.raw.inputs[position]]

    def shape(self, value: int) -> Shape:
        return self.build.values[value].shape

    def emit(self, kind: type[Node], inputs: Sequence[int], shape: Sequence[int], **fields: Any) -> int:
        """Append a node with a new output value; returns that value's index."""
        quant = fields.pop("quant", None)
        output = self.build.add(self.name, shape, quant)
        operands = tuple(Operand(index) for index in inputs)
        self.build.nodes.append(kind(self.raw.op, self.name, operands, output, **fields))
        return output

    def transpose(self, value: int, permutation: Sequence[int]) -> int:
        """The value with its axes reordered."""
        if list(permutation) == sorted(permutation):
            return value
        shape = [self.shape(value)[axis] for axis in permutation]
        return self.emit(Transpose, [value], shape, permutation=tuple(permutation))

    def gives(self, value: int) -> None:
        """What the node computes is this value."""
        self.build.index[self.raw.outputs[0]] = value

    def is_real(self, value: int) -> bool:
        """Whether nothing has quantised a value."""
        return self.build.values[value].quant is None

    def origin(self, value: int) -> int:
        """The value that this one is, but for moves: reshapes, transposes, crops."""
        made_by = {node.output: node for node in self.build.nodes}
        while isinstance(made_by.get(value), Reshape | Transpose | Crop):
            value = made_by[value].inputs[0].value
        return value

    def scaled(self, value: int, quant: Quant | None) -> None:
        """Say what the codes of a value mean."""
        self.build.values[value] = replace(self.build.values[value], quant=quant)
