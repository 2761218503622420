"""ONNX models, float or with QuantizeLinear and DequantizeLinear pairs: one record in, typed nodes out.

An operator that a student cannot hold becomes a `Refused` node, so that every one of them is reported together.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from facelite.errors import BadInput

from ..network import Network, Operand, Refused
from . import onnx_moves, onnx_ops, onnx_quantised  # noqa: F401  their translators register themselves
from .onnx_constants import fold
from .onnx_file import BROKEN, MAX_ELEMENTS, RawBranch, RawNode, RawOnnx, read
from .onnx_registry import TRANSLATORS, refusal_of
from .onnx_scope import Build, Refusal, Scope
from .tflite import layer_name as tensorflow_name


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
    for node in raw.nodes:
        _take(node, build, path)
    if raw.output not in build.index:
        raise BadInput(path, f"its output {raw.output} is computed from nothing it hears", "export it again")
    return Network(str(path), tuple(build.values), tuple(build.nodes), 0, build.index[raw.output])


def _take(node: RawNode, build: Build, path: Path) -> None:
    """Bring one node into the network: folded, translated, or refused."""
    _check_references(node, build, path)
    scope = Scope(build, node, layer_name(node))
    branch = _chosen(scope)
    if branch is not None:
        _inline(node, branch, build, path)
        return
    problem = _translate(scope)
    if problem:
        _refuse(scope, problem)


def _chosen(scope: Scope) -> RawBranch | None:
    """The branch of an If whose condition the file's own constants decide."""
    condition = scope.constant(0) if scope.raw.op == "If" else None
    if not isinstance(condition, np.ndarray) or condition.size != 1:
        return None
    branch = scope.attribute("then_branch" if condition.reshape(-1)[0] else "else_branch")
    return branch if isinstance(branch, RawBranch) and len(branch.outputs) == len(scope.raw.outputs) else None


def _inline(node: RawNode, branch: RawBranch, build: Build, path: Path) -> None:
    if any(name in build.index or name in build.constants for name in branch.constants):
        raise BadInput(path, f"a branch of {layer_name(node)} makes a constant twice", "export it again")
    build.constants.update(branch.constants)
    for inner in branch.nodes:
        _take(inner, build, path)
    for outer, inner_name in zip(node.outputs, branch.outputs, strict=True):
        if inner_name in build.index:
            build.index[outer] = build.index[inner_name]
        elif inner_name in build.constants:
            build.constants[outer] = build.constants[inner_name]
        else:
            raise BadInput(path, f"{inner_name} is made by nothing", "export it again")


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
        if dot and last.startswith("weight") and "::" not in owner:
            return owner
    name = (node.name or (node.outputs[0] if node.outputs else node.op)).removesuffix("_prequant")
    if ";" in name:  # tf2onnx keeps TensorFlow's names of fused layers
        return tensorflow_name(name)
    return name.strip("/").removeprefix("node_").replace("/", ".") or node.op


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


def _refuse(scope: Scope, problem: str) -> None:
    """A node that is reported later; its output takes the shape that ONNX finds, or its input's."""
    build, node = scope.build, scope.raw
    inputs = [build.index[name] for name in node.inputs if name in build.index]
    shape = build.inferred(node.outputs[0])
    if not 0 < math.prod(shape) <= MAX_ELEMENTS or not shape:
        shape = build.values[inputs[0]].shape if inputs else (1,)
    output = build.add(node.outputs[0], shape)
    build.index.update(dict.fromkeys(filter(None, node.outputs), output))
    operands = tuple(Operand(index) for index in inputs)
    build.nodes.append(Refused(node.op, scope.name, operands, output, problem=problem))
