"""Pieces of signal processing in TensorFlow, for what leaves Keras as one graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import tensorflow as tf


def power_spectrum(samples: tf.Tensor, window: NDArray, fft: int, step: int) -> tf.Tensor:
    """Squares of real and imaginary parts: [samples] -> [frames, 2 * (fft // 2 + 1)].

    The Fourier transform is a convolution with its own sines and cosines.
    """
    import tensorflow as tf

    time, bins = np.arange(len(window))[:, None], np.arange(fft // 2 + 1)
    phase = 2 * np.pi * time * bins / fft
    waves = window[:, None] * np.concatenate([np.cos(phase), np.sin(phase)], 1)
    return tf.square(tf.nn.conv1d(samples[None, :, None], waves[:, None].astype(np.float32), step, "VALID")[0])


def bands(power: tf.Tensor, filters: NDArray[np.float32]) -> tf.Tensor:
    """What filters over the bins of a transform pass: [frames, filters]."""
    return power @ np.tile(filters, (2, 1))


def percentile95(values: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """As NumPy's: linear interpolation between the ranks on either side."""
    import tensorflow as tf

    ascending = tf.sort(values)
    rank = 0.95 * tf.cast(count - 1, tf.float32)
    below = tf.cast(tf.floor(rank), tf.int32)
    share = rank - tf.floor(rank)
    above = tf.minimum(below + 1, count - 1)
    return tf.gather(ascending, below) * (1 - share) + tf.gather(ascending, above) * share
