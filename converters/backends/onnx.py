"""Students as ONNX: by tf2onnx, of which nothing else in facelite knows, or as they came with their ends made ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from facelite.errors import BadInput
from numpy.typing import NDArray

from ..frontends.onnx_file import RawOnnx
from ..quiet import quiet

if TYPE_CHECKING:
    import keras

OPSET = 17
"""Newest set of operators that every ONNX Runtime since 1.12 knows."""


_SEPARATE_INITIALISERS = 4
"""First version of ONNX's file format whose initialisers need not be listed as inputs."""


def from_keras(model: keras.Model, name: str) -> bytes:
    """Float ONNX, waveform float32 [batch, window, 1] -> controls float32 [batch, controls]."""
    with quiet():
        import tensorflow as tf
        import tf2onnx
    signature = [tf.TensorSpec([None, *model.input_shape[1:]], tf.float32, name="waveform")]
    function = tf.function(lambda waveform: {"controls": model(waveform, training=False)}, input_signature=signature)
    with quiet():
        return _finished(tf2onnx.convert.from_function(function, signature, opset=OPSET)[0], name)


def from_onnx(raw: RawOnnx, path: Path, name: str, controls: int) -> bytes:
    """The model as it was given, its weights inside, from waveform [batch, window, 1] to controls [batch, controls].

    What is float stays float; int8 or uint8 ends are quantised and dequantised by the model's own scales. Raises
    BadInput naming `path` when ONNX's own checker refuses it.
    """
    try:
        return _with_our_ends(raw, name, controls)
    except Exception as error:  # the checker's errors have no base of their own
        raise BadInput(path, f"ONNX's checker refuses it: {_first_line(error)}", "export it again") from error


def _with_our_ends(raw: RawOnnx, name: str, controls: int) -> bytes:
    import onnx
    from onnx import TensorProto, compose, helper

    model = onnx.ModelProto()
    model.CopyFrom(raw.proto)
    for tensor in model.graph.initializer:
        tensor.CopyFrom(onnx.numpy_helper.from_array(raw.constants[tensor.name], tensor.name))
    model = compose.add_prefix(model, "student/")
    graph = model.graph
    ends = [next(value for value in graph.input if value.name == f"student/{raw.input}"), graph.output[0]]
    is_open = not ends[0].type.tensor_type.shape.dim[0].HasField("dim_value")
    batch, window = "batch" if is_open else 1, int(np.prod(raw.shape))
    own = [-1, *raw.shape[1:]] if is_open else list(raw.shape)
    first, last = _bridged(graph, ends[0], own, into=True), _bridged(graph, ends[1], [-1, controls], into=False)
    waveform = helper.make_tensor_value_info("waveform", TensorProto.FLOAT, [batch, window, 1])
    curves = helper.make_tensor_value_info("controls", TensorProto.FLOAT, [batch, controls])
    nodes = [*first, *graph.node, *last]
    for field, entries in ((graph.input, [waveform]), (graph.output, [curves]), (graph.node, nodes)):
        del field[:]
        field.extend(entries)
    model.ir_version = max(model.ir_version, _SEPARATE_INITIALISERS)
    return _finished(model, name)


def _bridged(graph: Any, value: Any, shape: list[int], into: bool) -> list[Any]:
    """Nodes from our end of a model to its own, or back: a reshape, and a change of type where its end is codes."""
    from onnx import TensorProto, helper, numpy_helper

    end = "waveform" if into else "controls"
    graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), f"{end} shape"))
    given, made = (end, value.name) if into else (value.name, end)
    if value.type.tensor_type.elem_type == TensorProto.FLOAT:
        return [helper.make_node("Reshape", [given, f"{end} shape"], [made], f"{end} reshaped")]
    # The model's own neighbour names the scale: what reads the input, or what makes the output.
    wanted, scales = ("DequantizeLinear", "QuantizeLinear") if into else ("QuantizeLinear", "DequantizeLinear")
    neighbour = next(
        node for node in graph.node if node.op_type == wanted and value.name in (*node.input, *node.output)
    )
    between, parameters = f"{end} values", list(neighbour.input[1:])
    if into:
        return [
            helper.make_node("Reshape", [given, f"{end} shape"], [between], f"{end} reshaped"),
            helper.make_node(scales, [between, *parameters], [made], f"{end} quantised"),
        ]
    return [
        helper.make_node(scales, [given, *parameters], [between], f"{end} dequantised"),
        helper.make_node("Reshape", [between, f"{end} shape"], [made], f"{end} reshaped"),
    ]


def run(model: bytes, window: NDArray[np.float32], path: Path) -> NDArray[np.float32]:
    """Controls [controls] that ONNX Runtime makes of one companded window, one thread; BadInput if it refuses."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Without it a CPU that has no VNNI adds int8 products in saturating int16.
    options.add_session_config_entry("session.x64quantprecision", "1")
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return session.run(["controls"], {"waveform": window.reshape(1, -1, 1)})[0].reshape(-1)
    except Exception as error:  # ONNX Runtime's exceptions have no base of their own
        raise BadInput(path, f"ONNX Runtime refuses it: {_first_line(error)}", "export it again") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _finished(model: Any, name: str) -> bytes:
    """The model's bytes, under names of ours; inner names still count on from the process's last conversion."""
    import onnx

    model.graph.name = name
    del model.graph.value_info[:]
    for value in [*model.graph.input, *model.graph.output]:
        dimension = value.type.tensor_type.shape.dim[0]
        if dimension.HasField("dim_param"):
            dimension.dim_param = "batch"
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)
