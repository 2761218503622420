"""The network: convolutions at 125 and 62.5 frames a second, attention at 31.25, and back.

Backend-neutral Keras. Positions are not encoded: convolutions carry what is near, attention is left to gather
what an utterance says about its speaker and its channel, and any length of utterance will do.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers as kl
from pydantic import BaseModel, ConfigDict, Field

from ...controls import SPEECH_CONTROLS
from .features import BINS, SUBFRAMES


class TeacherConfig(BaseModel):
    """Shape of the network; the defaults have about 7.5 M parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    controls: tuple[str, ...] = SPEECH_CONTROLS
    front_channels: int = Field(default=128, gt=0)
    channels: int = Field(default=256, gt=0)
    width: int = Field(default=320, gt=0)
    heads: int = Field(default=5, gt=0)
    blocks: int = Field(default=4, gt=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)


def build(config: TeacherConfig, precision: str = "float32") -> keras.Model:
    """Log-mel float32 [batch, 2 * frames, bins] -> curves float32 [batch, frames, controls], linear.

    `frames` must be even: the attention runs on pairs of frames.

    Parameters
    ----------
    precision
        Keras dtype policy of all but the last layer: "float32" or "mixed_bfloat16".
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return _network(config)
    finally:
        keras.config.set_dtype_policy(before)


def _network(config: TeacherConfig) -> keras.Model:
    mel = keras.Input((None, BINS), name="mel")
    x = _conv(mel, config.front_channels, 5, "front1")
    x = _conv(x, config.channels, 5, "front2", strides=SUBFRAMES)
    for index in range(2):
        x = _residual(x, config, f"fine{index + 1}")
    skip = x
    x = kl.Conv1D(config.width, 4, strides=2, padding="same", name="down")(x)
    for index in range(config.blocks):
        x = _attention(x, config, f"block{index + 1}")
    x = kl.LayerNormalization(name="body_norm")(x)
    x = kl.Conv1DTranspose(config.channels, 4, strides=2, padding="same", name="up")(x)
    x = kl.Add(name="skip")([x, skip])
    for index in range(2):
        x = _residual(x, config, f"late{index + 1}")
    x = kl.LayerNormalization(name="head_norm")(x)
    x = kl.Conv1D(len(config.controls), 3, padding="same", dtype="float32", kernel_initializer="zeros", name="head")(x)
    return keras.Model(mel, kl.Rescaling(HEAD_SCALE, dtype="float32", name="curves")(x), name="neural_teacher")


HEAD_SCALE = 0.05
"""As in the students: curves are small numbers, and an unscaled head moves by more than their range in one step."""


def _conv(x: Any, channels: int, kernel: int, name: str, strides: int = 1) -> Any:
    x = kl.Conv1D(channels, kernel, strides=strides, padding="same", name=f"{name}_conv")(x)
    x = kl.LayerNormalization(name=f"{name}_norm")(x)
    return kl.Activation("silu", name=f"{name}_act")(x)


def _residual(x: Any, config: TeacherConfig, name: str) -> Any:
    y = kl.LayerNormalization(name=f"{name}_norm")(x)
    y = kl.Conv1D(config.channels, 5, padding="same", activation="silu", name=f"{name}_conv")(y)
    y = kl.Conv1D(config.channels, 1, name=f"{name}_mix")(y)
    y = kl.Dropout(config.dropout, name=f"{name}_drop")(y)
    return kl.Add(name=f"{name}_add")([x, y])


def _attention(x: Any, config: TeacherConfig, name: str) -> Any:
    """Self-attention, then a convolutional feed-forward; both residual, both normalised first."""
    y = kl.LayerNormalization(name=f"{name}_norm1")(x)
    y = kl.MultiHeadAttention(config.heads, config.width // config.heads, dropout=config.dropout, name=f"{name}_mha")(
        y, y
    )
    x = kl.Add(name=f"{name}_add1")([x, y])
    y = kl.LayerNormalization(name=f"{name}_norm2")(x)
    y = kl.Conv1D(2 * config.width, 3, padding="same", activation="silu", name=f"{name}_wide")(y)
    y = kl.Conv1D(config.width, 1, name=f"{name}_narrow")(y)
    y = kl.Dropout(config.dropout, name=f"{name}_drop")(y)
    return kl.Add(name=f"{name}_add2")([x, y])
