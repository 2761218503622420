"""Run a student over whole utterances: the convolutions run once, not once per window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..companding import Curve, codes, decode
from ..errors import BadInput
from .calibrate import Calibration
from .recipe import StudentConfig

if TYPE_CHECKING:
    import keras

_BUCKET = 64
"""Frames to which an utterance is padded, so that few shapes are compiled."""

_BLOCK = 512
"""Frames that `Twin` computes at a time: longer recordings cost no more memory."""

_BUCKETS = (16, 64, 128, 256, _BLOCK)
"""Frames that blocks are padded to, for the same reason."""


def padded(pcm: NDArray, frames: int, hop: int, window: int, lookahead: int) -> NDArray:
    """PCM with the silence around it that `frames` frames see; [(frames - 1) * hop + window]."""
    before = window - lookahead
    whole = np.zeros((frames - 1) * hop + window, pcm.dtype)
    kept = pcm[: len(whole) - before]
    whole[before : before + len(kept)] = kept
    return whole


def linear(model: keras.Model, config: StudentConfig, pcm: NDArray) -> NDArray[np.float32]:
    """What the last layer of the model that `students.trainer` makes answers, before calibration and ReLU.

    Parameters
    ----------
    pcm
        float32 (-1..1) or int16 [samples].

    Returns
    -------
    float32 [ceil(samples / hop), controls].
    """
    frames = -(-len(pcm) // config.hop)
    bucket = max(-(-frames // _BUCKET) * _BUCKET, _BUCKET)
    whole = padded(np.asarray(pcm), bucket, config.hop, config.window, config.lookahead)
    audio = decode(codes(whole, config.companding))
    return np.asarray(model.predict_on_batch(audio[None, :, None])["curves"][0, :frames], np.float32)


def animate(
    model: keras.Model, config: StudentConfig, pcm: NDArray, calibration: Calibration | None = None
) -> NDArray[np.float32]:
    """Curves of an utterance as the exported student gives them: `linear`, calibrated, at least 0, not smoothed."""
    answer = linear(model, config, pcm)
    if calibration:
        answer = answer * calibration.gain + calibration.offset
    return np.maximum(answer, 0.0)


class Twin:
    """A windowed student as one convolution over the whole recording: equal curves, each layer run once a sample.

    Any student that converts has such a twin: its convolutions do not pad, and what folds a window's last `n` frames
    into one (GlobalAveragePooling1D, or Flatten and Dense) is itself a pooling or a convolution over `n` frames.

    Parameters
    ----------
    model
        float32 [batch, window, 1] companded waveform -> [batch, controls].
    lookahead
        Samples of the window that lie in the future.
    curve
        That it hears by (facelite.companding).

    Raises
    ------
    BadInput
        The model answers a window with several frames.
    """

    def __init__(self, model: keras.Model, lookahead: int, curve: Curve) -> None:
        self.window, self.lookahead, self._curve = int(model.input_shape[1]), lookahead, curve
        self.hop = int(np.prod([layer.strides[0] for layer in model.layers if hasattr(layer, "strides")]))
        self._model = _unrolled(model)
        frames, rest = divmod(model.output_shape[-1], self._model.output_shape[-1])
        if (frames, rest) != (1, 0):
            raise BadInput(model.name, f"it answers a window with {frames} frames", "a student answers with one")

    def animate(self, pcm: NDArray) -> NDArray[np.float32]:
        """Unsmoothed curves, float32 [ceil(samples / hop), controls], of PCM float32 (-1..1) or int16 [samples]."""
        frames = -(-len(pcm) // self.hop)
        whole = padded(np.asarray(pcm), max(frames, 1), self.hop, self.window, self.lookahead)
        audio = decode(codes(whole, self._curve))
        blocks = [self._block(audio, first, min(_BLOCK, frames - first)) for first in range(0, frames, _BLOCK)]
        return np.concatenate(blocks) if blocks else np.zeros((0, self._model.output_shape[-1]), np.float32)

    def _block(self, audio: NDArray[np.float32], first: int, frames: int) -> NDArray[np.float32]:
        bucket = next(size for size in _BUCKETS if size >= frames)
        heard = np.zeros(((bucket - 1) * self.hop + self.window), np.float32)
        piece = audio[first * self.hop :][: len(heard)]
        heard[: len(piece)] = piece
        return np.asarray(self._model.predict_on_batch(heard[None, :, None])[0, :frames], np.float32)


def _unrolled(model: keras.Model) -> keras.Model:
    """`model`'s own layers over an input of any length."""
    import keras

    functional = keras.Model(model.inputs[0], model.outputs[0]) if isinstance(model, keras.Sequential) else model
    return keras.models.clone_model(
        functional, input_tensors=keras.Input((None, 1)), clone_function=lambda layer: layer, call_function=_call
    )


def _call(layer: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    """`layer` of the window, applied to every window of a recording at once."""
    from keras import layers as kl

    if isinstance(layer, kl.Flatten | kl.Reshape):
        return x
    if isinstance(layer, kl.GlobalAveragePooling1D):
        return kl.AveragePooling1D(layer.input.shape[1], strides=1)(x)
    if isinstance(layer, kl.Dense) and layer.input.shape[-1] != x.shape[-1]:
        return _dense(layer, x)
    return layer(x, *args, **kwargs)


def _dense(layer: Any, x: Any) -> Any:
    """A Dense over a window's flattened frames, as a convolution over as many frames."""
    from keras import layers as kl

    channels = x.shape[-1]
    frames = layer.input.shape[-1] // channels
    conv = kl.Conv1D(layer.units, frames, activation=layer.activation, use_bias=layer.use_bias)
    answer = conv(x)
    kernel, *bias = layer.get_weights()
    conv.set_weights([kernel.reshape(frames, channels, layer.units), *bias])
    return answer
