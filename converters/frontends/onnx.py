"""ONNX models, float or with QuantizeLinear and DequantizeLinear pairs: one record in, typed nodes out.

An operator that a student cannot hold becomes a `Refused` node, so that every one of them is reported together.
"""

from __future__ import annotations

import math
from pathlib import Path

from facelite.errors import BadInput

from ..network import Network, Operand, Refused
from . import onnx_moves, onnx_ops, onnx_quantised  # noqa: F401  their translators register themselves
from .onnx_constants import fold
from .onnx_file import BROKEN, MAX_ELEMENTS, RawNode, RawOnnx, Shape, read
from .onnx_registry import TRANSLATORS, refusal_of
from .onnx_scope import Build, Refusal, Scope


def load(path: str | Path) -> Network:
    """Read the model at `path`.

    Raises
    ------
    BadInput
        The file is not a sound ONNX model, or has not one input and one output.
    Unsupported
        Later, from the passes: a node of the network is `Refused`.
    """
    path = Path(path)
    return network(read(path), path)


def network(raw: RawOnnx, path: Path) -> Network:
    """The network that a decoded file describes."""
    if len(raw.shape) > 1 and raw.shape[0] != 1 and math.prod(raw.shape) != raw.shape[0]:
        raise BadInput(path, f"input {raw.input} of shape {list(raw.shape)}", "export it with a batch of one, or open")
    build = Build(raw, constants=dict(raw.constants))
    build.index[raw.input] = build.add(raw.input, raw.shape)
    shapes: dict[str, Shape] = {}
    for node in raw.nodes:
        _check_references(node, build, path)
        scope = Scope(build, node, layer_name(node))
        problem = _translate(scope)
        if problem:
            shapes = shapes or {"": (), **raw.inferred_shapes()}
            _refuse(scope, problem, shapes)
    if raw.output not in build.index:
        raise BadInput(path, f"its output {raw.output} is computed from nothing it hears", "export it again")
    return Network(str(path), tuple(build.values), tuple(build.nodes), 0, build.index[raw.output])


def _translate(scope: Scope) -> str:
    """Fold or translate one node; returns why that cannot be done, or nothing."""
    try:
        if not fold(scope):
            translate = TRANSLATORS.get(scope.raw.op)
            if translate is None:
                return refusal_of(scope.raw.op)
            translate(scope)
    except Refusal as refusal:
        return str(refusal)
    except BROKEN as error:
        return f"its attributes contradict each other ({error})"
    return ""


def layer_name(node: RawNode) -> str:
    """The layer that a node belongs to: from its weights' name, as PyTorch gives it, or else from its own.

    "conv1.weight" -> "conv1"; "/front/front.0/Relu" -> "front.front.0.Relu".
    """
    for name in node.inputs[1:2]:
        owner, dot, last = name.rpartition(".")
        if dot and last == "weight" and "::" not in owner:
            return owner
    name = node.name or (node.outputs[0] if node.outputs else node.op)
    return name.strip("/").removeprefix("node_").replace("/", ".").replace(";", ".") or node.op


def _check_references(node: RawNode, build: Build, path: Path) -> None:
    if not node.outputs or not node.outputs[0]:
        raise BadInput(path, f"a node {node.op} has no output", "export it again")
    for name in filter(None, node.inputs):
        if name not in build.index and name not in build.constants:
            raise BadInput(
                path, f"node {layer_name(node)} reads {name}, which nothing before it makes", "export it again"
            )
    for name in filter(None, node.outputs):
        if name in build.index or name in build.constants:
            raise BadInput(path, f"{name} is made twice", "export it again")


def _refuse(scope: Scope, problem: str, shapes: dict[str, Shape]) -> None:
    """A node that is reported later; its output takes the shape that ONNX finds, or its input's."""
    build, node = scope.build, scope.raw
    inputs = [build.index[name] for name in node.inputs if name in build.index]
    shape = shapes.get(node.outputs[0], ())
    if not 0 < math.prod(shape) <= MAX_ELEMENTS or not shape:
        shape = build.values[inputs[0]].shape if inputs else (1,)
    output = build.add(node.outputs[0], shape)
    build.index.update(dict.fromkeys(filter(None, node.outputs), output))
    operands = tuple(Operand(index) for index in inputs)
    build.nodes.append(Refused(node.op, scope.name, operands, output, problem=problem))
