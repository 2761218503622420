"""`score.senones` in TensorFlow, for a teacher that leaves Keras as one graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import graph_ops
from . import cepstra, score
from .model_files import STATES

if TYPE_CHECKING:
    import tensorflow as tf


def senones(audio: tf.Tensor, step: int, count: tf.Tensor) -> tf.Tensor:
    """[samples] at 16 kHz -> [count, 126], as `score.senones`; `step * count` is at least 160."""
    import tensorflow as tf

    samples = tf.pad(audio, [[0, step * count - tf.shape(audio)[0]]])
    frames = (step * count + cepstra.STEP - 1) // cepstra.STEP
    posteriors = _log_posteriors(_streams(_cepstra(samples, frames), frames))
    levels = tf.maximum(posteriors, score.LOWEST) / score.HALF_RANGE + 1
    place = tf.cast(tf.range(count), tf.float32) * (step / cepstra.STEP)
    place = tf.minimum(place, tf.cast(frames - 1, tf.float32))
    below = tf.minimum(tf.cast(place, tf.int32), tf.maximum(frames - 2, 0))
    above = tf.minimum(below + 1, frames - 1)
    share = (place - tf.cast(below, tf.float32))[:, None]
    return tf.gather(levels, below) * (1 - share) + tf.gather(levels, above) * share


def _cepstra(samples: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    before = cepstra.WINDOW // 2 + 1
    length = (frames - 1) * cepstra.STEP + cepstra.WINDOW + 1
    padded = tf.pad(samples, [[before, length - before - tf.shape(samples)[0]]])
    emphasised = padded[1:] - cepstra.EMPHASIS * padded[:-1]
    spectrum = graph_ops.power_spectrum(emphasised, np.hamming(cepstra.WINDOW), cepstra.FFT, cepstra.STEP)
    power = graph_ops.bands(spectrum, cepstra.triangles())
    floor = cepstra.FLOOR * graph_ops.percentile95(tf.reduce_sum(power, 1), frames) + cepstra.LEAST
    return tf.math.log(power + floor) @ cepstra.cosines()


def _streams(cepstrum: tf.Tensor, frames: tf.Tensor) -> list[tf.Tensor]:
    import tensorflow as tf

    centred = cepstrum - tf.reduce_mean(cepstrum, 0)

    def at(shift: int) -> tf.Tensor:
        return tf.gather(centred, tf.clip_by_value(tf.range(frames) + shift, 0, frames - 1))

    return [at(0), at(2) - at(-2), at(3) - at(-1) - at(1) + at(-3)]


def _log_posteriors(streams: list[tf.Tensor]) -> tf.Tensor:
    import tensorflow as tf

    model = score.installed()
    peaks, shares = 0.0, []
    for x, form in zip(streams, model.forms, strict=True):
        raised = tf.concat([x * x, x, tf.ones_like(x[:, :1])], 1)
        density = tf.reshape(raised @ form, [-1, model.phones, form.shape[1] // model.phones])
        peak = tf.reduce_max(density, 2)
        peaks += peak
        shares.append(tf.exp(density - peak[:, :, None]))
    best = [_best(shares, model, state) for state in range(STATES * model.phones)]
    likelihoods = tf.math.log(tf.stack(best, 1) + score.TINY) + tf.repeat(peaks, STATES, axis=1)
    return tf.nn.log_softmax(likelihoods)


def _best(shares: list[tf.Tensor], model: score.Senones, state: int) -> tf.Tensor:
    """The most likely of the senones of one state: [frames]."""
    import tensorflow as tf

    senones = model.span(state)
    products = [share[:, state // STATES] @ model.mixtures[s][:, senones] for s, share in enumerate(shares)]
    return tf.reduce_max(products[0] * products[1] * products[2], 1)
