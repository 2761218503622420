"""SavedModel folders, a Keras student's export: looked through before TensorFlow loads them, then taken as ONNX.

Loading a SavedModel runs what the file asks for, so that is held down first: no resources or assets, whose
initialisers would run, and no operator with effects outside its function in anything that a signature can reach.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from facelite.errors import BadInput, Unsupported

from ..quiet import quiet
from .onnx_file import MAX_BYTES, MAX_ELEMENTS, RawOnnx, decode

FILE_NAME = "saved_model.pb"

SIGNATURE = "serving_default"

_VARIABLES = frozenset({"VarHandleOp", "ReadVariableOp", "AssignVariableOp", "VarIsInitializedOp", "DisableCopyOnRead"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "NoOp", "Placeholder"})
_SAVER = frozenset({"SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename"})
"""What the functions that write and read checkpoints are made of. Loading does not call them."""

_READERS = frozenset({"ReadFile", "MatchingFiles"})
"""Operators without state that look at the disk all the same."""


def load(path: Path) -> RawOnnx:
    """The serving signature of a SavedModel as an ONNX graph.

    Raises
    ------
    BadInput
        Not a SavedModel that TensorFlow 2 wrote, too large, without a serving signature of one input and one output.
    Unsupported
        It holds operators that reach outside their function: each is named.
    """
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    if size > MAX_BYTES:
        raise BadInput(path, f"is larger than {MAX_BYTES >> 20} MB", "students are a few MB at most")
    with quiet():
        import tensorflow as tf
    _check(path)
    try:
        with quiet():
            return decode(_exported(tf.saved_model.load(str(path)), path), path)
    except BadInput:
        raise
    except Exception as error:  # TensorFlow and tf2onnx raise whatever their many stages raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise BadInput(path, f"TensorFlow cannot open it: {lines[0][:200]}", "export it again") from error


def _exported(loaded: Any, path: Path) -> bytes:
    import tensorflow as tf
    import tf2onnx

    from ..backends.onnx import OPSET

    if SIGNATURE not in loaded.signatures:
        raise BadInput(path, f"has no signature {SIGNATURE}", "export it with model.export()")
    function = loaded.signatures[SIGNATURE]
    given, made = function.structured_input_signature[1], function.structured_outputs
    if len(given) != 1 or len(made) != 1:
        problem = f"has {len(given)} inputs and {len(made)} outputs"
        raise BadInput(path, problem, "a student has one of each: the waveform and the controls")
    ((argument, spec),) = given.items()
    signature = [tf.TensorSpec(spec.shape, tf.float32, name="waveform")]

    def student(waveform: Any) -> Any:
        return next(iter(function(**{argument: waveform}).values()))

    traced = tf.function(student, input_signature=signature)
    return tf2onnx.convert.from_function(traced, signature, opset=OPSET)[0].SerializeToString()


def _check(path: Path) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString((path / FILE_NAME).read_bytes())
    except Exception as error:  # protobuf's own, which only protobuf could name
        raise BadInput(path, f"its {FILE_NAME} is cut short or corrupt", "export it again") from error
    if len(model.meta_graphs) != 1 or not model.meta_graphs[0].HasField("object_graph_def"):
        raise BadInput(path, "is not a SavedModel of TensorFlow 2", "export it with model.export()")
    graph = model.meta_graphs[0]
    _check_objects(graph.object_graph_def, path)
    _check_functions(graph, path)


def _check_objects(objects: Any, path: Path) -> None:
    for node in objects.nodes:
        if node.WhichOneof("kind") in ("resource", "asset"):
            raise BadInput(path, f"holds a {node.WhichOneof('kind')}, which runs code when it is loaded")
        sizes = [dimension.size for dimension in node.variable.shape.dim]
        if any(size < 0 for size in sizes) or math.prod(sizes) > MAX_ELEMENTS:
            raise BadInput(path, f"holds a variable of shape {sizes}", "a student is a few MB")


def _check_functions(graph: Any, path: Path) -> None:
    functions = {function.signature.name: function.node_def for function in graph.graph_def.library.function}
    savers = {name for name, nodes in functions.items() if any(node.op in _SAVER for node in nodes)}
    called = [*(name for name in functions if name not in savers)]
    problems = [
        f"{node.name} ({node.op})"
        for name in called
        for node in functions[name]
        if not _is_harmless(node.op) or any(attribute.func.name in savers for attribute in node.attr.values())
    ]
    if problems:
        listed = ", ".join(sorted(set(problems)))
        raise Unsupported(path, f"operators that reach outside their function: {listed}", "export an inference model")


def _is_harmless(op: str) -> bool:
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(op)
    if op in _VARIABLES or op in _CALLS:
        return True
    return definition is not None and not definition.is_stateful and op not in _READERS
