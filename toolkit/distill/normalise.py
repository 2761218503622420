"""Batch normalisation in one operation where the backend has one."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class BatchNorm(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over [batch, frames, channels]; on TensorFlow, training runs its fused kernel.

    Keras composes it from a dozen passes over the data, in float32 whatever the precision. The fused kernel keeps
    bfloat16 data in bfloat16 and the statistics in float32.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """As the parent."""
        if not (training and self.trainable and mask is None and keras.backend.backend() == "tensorflow"):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        result, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs[:, None],
            scale=ops.convert_to_tensor(self.gamma),
            offset=ops.convert_to_tensor(self.beta),
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
            is_training=True,
        )
        count = ops.cast(ops.shape(inputs)[0] * ops.shape(inputs)[1], "float32")
        variance = variance * (count - 1) / count  # the kernel answers with the sample's, Keras keeps the batch's own
        self.moving_mean.assign(self.moving_mean * self.momentum + mean * (1 - self.momentum))
        self.moving_variance.assign(self.moving_variance * self.momentum + variance * (1 - self.momentum))
        return result[:, 0]
