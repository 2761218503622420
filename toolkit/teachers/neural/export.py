"""The neural teacher as ONNX: all it hears and its network in one graph, from an utterance's samples to its curves.

A teacher that hears senones takes pocketsphinx's acoustic model along, 9.6 MB, under that model's BSD licence.
What it writes is an ONNX teacher (`onnx:FOLDER/teacher.toml`), so a machine without Keras can label with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...atomic import write_bytes, write_text
from ...curves import FRAME_RATE
from ...distill.filterbank import mel_weights
from ...strict_toml import listed
from . import features, graph_ops
from .features import BINS, SUBFRAMES
from .senones import graph as senones
from .teacher import NeuralTeacher

if TYPE_CHECKING:
    import tensorflow as tf

MODEL, SETTINGS = "teacher.onnx", "teacher.toml"

OPSET = 17
"""Newest set of operators that every ONNX Runtime since 1.12 knows."""


def export_onnx(teacher: NeuralTeacher, folder: str | Path) -> Path:
    """Write teacher.onnx and the teacher.toml that opens it.

    Utterances are heard whole, however long; `NeuralTeacher` hears more than 32 s in pieces, so the two agree up to
    that length.

    Parameters
    ----------
    teacher
        As `NeuralTeacher.open` gives it: its calibration is in its weights.

    Returns
    -------
    The TOML's path.
    """
    from facelite.converters.quiet import quiet

    with quiet():
        import tensorflow as tf
        import tf2onnx

        signature = [tf.TensorSpec([None], tf.float32, name="audio")]
        function = tf.function(lambda audio: {"curves": _curves(teacher, audio)}, input_signature=signature)
        proto, _ = tf2onnx.convert.from_function(function, signature, opset=OPSET)
    folder = Path(folder)
    write_bytes(folder / MODEL, proto.SerializeToString(deterministic=True))
    write_text(
        folder / SETTINGS,
        f'model = "{MODEL}"\nsample_rate = {features.SAMPLE_RATE}\ncontrols = {listed(teacher.controls)}\n\n'
        f'[input]\nname = "audio"\nlayout = ["samples"]\n\n'
        f'[output]\nname = "curves"\nlayout = ["frames", "controls"]\n\n'
        f"[utterance]\nframe_rate = {FRAME_RATE}\n",
    )
    return folder / SETTINGS


def _curves(teacher: NeuralTeacher, audio: tf.Tensor) -> tf.Tensor:
    """Samples [n] -> curves [frames, controls], at least 0; an even number of frames."""
    import tensorflow as tf

    pairs = (tf.shape(audio)[0] + 2 * features.HOP - 1) // (2 * features.HOP)
    count = 2 * SUBFRAMES * pairs
    heard = _log_mel(audio, count)
    if teacher.config.senones:
        heard = tf.concat([heard, senones.senones(audio, features.STEP, count)], 1)
    answer = teacher.network(heard[None], training=False)[0]
    return tf.maximum(answer, 0.0)


def _log_mel(audio: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """`features.log_mel` in TensorFlow."""
    import tensorflow as tf

    window, hop = features.WINDOW, features.STEP
    length = (count - 1) * hop + window
    padded = tf.pad(audio, [[window // 2, length - window // 2 - tf.shape(audio)[0]]])
    spectrum = graph_ops.power_spectrum(padded, np.hanning(window), features.FFT, hop)
    power = graph_ops.bands(spectrum, mel_weights(BINS, features.FFT, features.SAMPLE_RATE))
    level = _log10(tf.reduce_sum(power, 1) + features.FLOOR)
    relative = _log10(power + features.FLOOR) - graph_ops.percentile95(level, count)
    return tf.maximum((relative + features.CENTRE) / features.SPREAD, features.LOWEST)


def _log10(values: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    return tf.math.log(values) * np.float32(1 / np.log(10))
