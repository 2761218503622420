"""Students as ONNX, by tf2onnx; nothing else in facelite knows of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelite.errors import BadInput

from ..quiet import quiet

if TYPE_CHECKING:
    import keras

OPSET = 17
"""Newest set of operators that every ONNX Runtime since 1.12 knows."""


def from_keras(model: keras.Model, name: str) -> bytes:
    """Float ONNX, waveform float32 [batch, window, 1] -> controls float32 [batch, controls]."""
    with quiet():
        import tensorflow as tf
        import tf2onnx
    signature = [tf.TensorSpec([None, *model.input_shape[1:]], tf.float32, name="waveform")]
    function = tf.function(lambda waveform: {"controls": model(waveform, training=False)}, input_signature=signature)
    with quiet():
        return _finished(tf2onnx.convert.from_function(function, signature, opset=OPSET)[0], name)


def from_tflite(path: str | Path, name: str) -> bytes:
    """ONNX of an int8 TFLite file, its quantisation as QuantizeLinear and DequantizeLinear pairs."""
    with quiet():
        import tf2onnx

        try:
            return _finished(tf2onnx.convert.from_tflite(str(path), opset=OPSET)[0], name)
        except Exception as error:  # tf2onnx raises whatever its many stages raise
            raise BadInput(path, f"tf2onnx cannot convert it: {str(error).strip().splitlines()[0]}") from error


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
