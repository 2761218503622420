"""The neural teacher as ONNX: spectrum and network in one graph, from an utterance's samples to its curves.

What it writes is an ONNX teacher (`onnx:FOLDER/teacher.toml`), so a machine without Keras can label with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...atomic import write_bytes, write_text
from ...curves import FRAME_RATE
from ...distill.filterbank import mel_weights
from . import features
from .features import BINS, SUBFRAMES
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
    controls = "".join(f'    "{name}",\n' for name in teacher.controls)
    write_text(
        folder / SETTINGS,
        f'model = "{MODEL}"\nsample_rate = {features.SAMPLE_RATE}\ncontrols = [\n{controls}]\n\n'
        f'[input]\nname = "audio"\nlayout = ["samples"]\n\n'
        f'[output]\nname = "curves"\nlayout = ["frames", "controls"]\n\n'
        f"[utterance]\nframe_rate = {FRAME_RATE}\n",
    )
    return folder / SETTINGS


def _curves(teacher: NeuralTeacher, audio: tf.Tensor) -> tf.Tensor:
    """Samples [n] -> curves [frames, controls], at least 0; an even number of frames."""
    import tensorflow as tf

    pairs = (tf.shape(audio)[0] + 511) // 512
    mel = _log_mel(audio, 2 * SUBFRAMES * pairs)
    answer = teacher.network(mel[None], training=False)[0]
    return tf.maximum(answer, 0.0)


def _log_mel(audio: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """`features.log_mel` in TensorFlow: the Fourier transform is a convolution with its own sines and cosines."""
    import tensorflow as tf

    window, hop = features.WINDOW, features.STEP
    length = (count - 1) * hop + window
    padded = tf.pad(audio, [[window // 2, length - window // 2 - tf.shape(audio)[0]]])
    spectrum = tf.nn.conv1d(padded[None, :, None], _sinusoids()[:, None], hop, "VALID")[0]
    power = tf.square(spectrum) @ np.tile(mel_weights(BINS, features.FFT, features.SAMPLE_RATE), (2, 1))
    level = _log10(tf.reduce_sum(power, 1) + features.FLOOR)
    relative = _log10(power + features.FLOOR) - _percentile95(level, count)
    return tf.maximum((relative + features.CENTRE) / features.SPREAD, features.LOWEST)


def _sinusoids() -> Any:
    """float32 [window, 2 * (fft // 2 + 1)]: Hann-weighted cosines, then sines, of each bin."""
    time, bins = np.arange(features.WINDOW)[:, None], np.arange(features.FFT // 2 + 1)
    phase = 2 * np.pi * time * bins / features.FFT
    waves = np.concatenate([np.cos(phase), np.sin(phase)], 1)
    return (np.hanning(features.WINDOW)[:, None] * waves).astype(np.float32)


def _log10(values: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    return tf.math.log(values) * np.float32(1 / np.log(10))


def _percentile95(values: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """As NumPy's: linear interpolation between the ranks on either side."""
    import tensorflow as tf

    ascending = tf.sort(values)
    rank = 0.95 * tf.cast(count - 1, tf.float32)
    below = tf.cast(tf.floor(rank), tf.int32)
    share = rank - tf.floor(rank)
    above = tf.minimum(below + 1, count - 1)
    return tf.gather(ascending, below) * (1 - share) + tf.gather(ascending, above) * share
