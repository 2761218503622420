"""Keras student -> calibrated full-int8 TFLite, by TFLiteConverter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from facelite.companding import CODE_SCALE
from facelite.errors import BadInput
from numpy.typing import NDArray

from ..quiet import quiet

if TYPE_CHECKING:
    import keras


def convert(model: keras.Model, calibration: Iterable[NDArray[np.float32]]) -> bytes:
    """Quantise a windowed student.

    Per-channel int8 weights, int8 input and output; the input's scale is exactly 1/127 with zero point 0, so that
    the model's input is the mu-law code itself.

    Parameters
    ----------
    model
        Takes [batch, window, 1] companded waveform in -1..1, gives [batch, controls].
    calibration
        Companded windows, float32 [window], that span what the student will hear.

    Raises
    ------
    BadInput
        There is no calibration window, or TFLiteConverter cannot make the model full int8.
    """
    windows = [_checked(values, model.input_shape[1]) for values in calibration]
    if not windows:
        raise BadInput(model.name, "no audio to calibrate with", "give speech with --calibration")
    try:
        with quiet():
            return _quantised(model, windows)
    except Exception as error:  # TFLiteConverter raises whatever its many stages raise
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise BadInput(model.name, f"TFLiteConverter cannot quantise it: {reason[0]}") from error


def _quantised(model: keras.Model, windows: list[NDArray[np.float32]]) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions([_one_window(model)])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _representative(windows)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return converter.convert()


def _one_window(model: keras.Model) -> Any:
    """The student as a TensorFlow function of one window.

    A fixed batch size lets TFLiteConverter keep dilated convolutions whole and fold BatchNormalization behind them.
    A function, unlike `from_keras_model`, takes no detour over a SavedModel on disk, which costs three quarters of
    the time, and gives the tensors the same names every time.
    """
    import tensorflow as tf

    signature = tf.TensorSpec([1, *model.input_shape[1:]], tf.float32, name="waveform")
    return tf.function(lambda waveform: model(waveform, training=False)).get_concrete_function(signature)


def _representative(windows: list[NDArray[np.float32]]) -> Iterator[list[NDArray[np.float32]]]:
    for values in [*windows, _full_range(windows[0])]:
        yield [values[None, :, None]]


def _full_range(window: NDArray[np.float32]) -> NDArray[np.float32]:
    """A window that reaches both ends of the code range, so that min-max calibration finds a scale of 1/127.

    255 steps between -128/127 and 127/127 leave zero point 0.
    """
    widened = window.copy()
    widened[:2] = np.array([-128, 127], np.float32) * np.float32(CODE_SCALE)
    return widened


def _checked(values: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    if values.shape != (window,) or not np.all(np.isfinite(values)) or np.abs(values).max() > 1:
        raise BadInput("calibration", f"needs finite windows of {window} samples in -1..1, got shape {values.shape}")
    return values.astype(np.float32)
