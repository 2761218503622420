"""Run a training model over whole utterances: the convolutions run once, not once per window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..companding import codes, decode
from .calibrate import Calibration
from .recipe import StudentConfig

if TYPE_CHECKING:
    import keras

_BUCKET = 64
"""Frames to which an utterance is padded, so that few shapes are compiled."""


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
    audio = decode(codes(whole))
    return np.asarray(model.predict_on_batch(audio[None, :, None])["curves"][0, :frames], np.float32)


def animate(
    model: keras.Model, config: StudentConfig, pcm: NDArray, calibration: Calibration | None = None
) -> NDArray[np.float32]:
    """Curves of an utterance as the exported student gives them: `linear`, calibrated, at least 0, not smoothed."""
    answer = linear(model, config, pcm)
    if calibration:
        answer = answer * calibration.gain + calibration.offset
    return np.maximum(answer, 0.0)
