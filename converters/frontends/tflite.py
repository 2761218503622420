"""Full-int8 TFLite models, TFLiteConverter's or anyone else's: one record in, one typed node out.

An operator that a student cannot hold becomes a `Refused` node, so that every one of them is reported together.
"""

from __future__ import annotations

from pathlib import Path

from facelite.errors import BadInput

from ..network import Network, Node, Operand, Refused, Value
from .flatbuffer import RawModel, RawOperator, read
from .tflite_ops import TRANSLATORS, Refusal, Scope, quant_of, refusal_of

_SHAPE_ARITHMETIC = frozenset({"SHAPE", "STRIDED_SLICE", "SLICE", "PACK", "CONCATENATION", "GATHER", "CAST"})
"""Operators that compute a RESHAPE's target at run time when the batch size was left open. The shapes in the file
already say what they give for a batch of one, so they are not followed."""

_WEIGHTED = ("convolution", "Conv", "MatMul", "Tensordot")
"""How TensorFlow names the operation in a layer that has weights."""


def load(path: str | Path) -> Network:
    """Read the model at `path`.

    Raises
    ------
    BadInput
        The file is not a sound TFLite model, or has not one int8 input and one int8 output.
    Unsupported
        Later, from the passes: a node of the network is `Refused`.
    """
    path = Path(path)
    return network(read(path), path)


def network(model: RawModel, path: Path) -> Network:
    """The network that a decoded file describes."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        count = f"{len(model.inputs)} inputs and {len(model.outputs)} outputs"
        raise BadInput(path, f"has {count}", "a student has one of each: the waveform and the controls")
    _check_references(model, path)
    kept = [operator for operator in model.operators if not _is_shape_arithmetic(operator, model)]
    nodes = tuple(_node(operator, model) for operator in kept)
    _check_order(nodes, model, path)
    for end, index in (("input", model.inputs[0]), ("output", model.outputs[0])):
        tensor = model.tensors[index]
        if tensor.type != "INT8":
            mend = f"convert with inference_{end}_type=tf.int8"
            raise BadInput(path, f"{end} {tensor.name} is {tensor.type}, not INT8", mend)
    values = tuple(Value(tensor.name, tensor.shape, quant_of(tensor)) for tensor in model.tensors)
    return Network(str(path), values, nodes, model.inputs[0], model.outputs[0])


def layer_name(tensor_name: str) -> str:
    """The layer in a name that TFLiteConverter made, the one with weights where several were fused.

    "model/conv1d_1/Relu;model/conv1d_1/convolution" -> "conv1d_1".
    """
    fused = tensor_name.split(";")
    weighted = [name for name in fused if name.rpartition("/")[2].startswith(_WEIGHTED)]
    parts = (weighted or fused)[0].split("/")
    return parts[-2] if len(parts) > 1 else parts[0]


def _node(operator: RawOperator, model: RawModel) -> Node:
    scope = Scope(model.tensors, operator)
    name = _layer(operator, model)
    try:
        translate = TRANSLATORS.get(operator.code)
        if translate is None or len(operator.outputs) != 1:
            raise Refusal(refusal_of(operator.code))
        return translate(scope, name)
    except Refusal as refusal:
        operands = tuple(Operand(index) for index in scope.activations())
        return Refused(operator.code, name, operands, operator.outputs[0], problem=str(refusal))


def _layer(operator: RawOperator, model: RawModel) -> str:
    """The layer's name, from the weights where there are some: a model's output may be named after nothing."""
    weights = [model.tensors[index] for index in operator.inputs[1:2] if index >= 0]
    named = [tensor.name for tensor in weights if tensor.type == "INT8" and tensor.data is not None]
    return layer_name((named or [model.tensors[operator.outputs[0]].name])[0])


def _check_references(model: RawModel, path: Path) -> None:
    count = len(model.tensors)
    used = [*model.inputs, *model.outputs]
    for operator in model.operators:
        used += [index for index in operator.inputs if index != -1] + list(operator.outputs)
        if not operator.outputs:
            raise BadInput(path, f"an operator {operator.code} has no output", "export it again")
    if any(not 0 <= index < count for index in used):
        raise BadInput(path, "an operator names a tensor that does not exist", "export it again")


def _is_shape_arithmetic(operator: RawOperator, model: RawModel) -> bool:
    integers = all(model.tensors[index].type in ("INT32", "INT64") for index in operator.outputs)
    return integers and operator.code in _SHAPE_ARITHMETIC


def _check_order(nodes: tuple[Node, ...], model: RawModel, path: Path) -> None:
    made = {model.inputs[0]}
    for node in nodes:
        if node.output in made or any(operand.value not in made for operand in node.inputs):
            raise BadInput(path, f"operators are not in an order in which {node.name} can run", "export it again")
        made.add(node.output)
    if model.outputs[0] not in made:
        raise BadInput(path, "nothing makes its output", "export it again")
