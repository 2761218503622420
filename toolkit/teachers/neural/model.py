"""The network: one ear for the spectrum, perhaps one for senones; each animates by itself, the mean is the answer.

The spectrum's ear is convolutions at 125 and 62.5 frames a second, attention at 31.25, and back. Positions are not
encoded: convolutions carry what is near, attention is left to gather what an utterance says about its speaker and
its channel, and any length of utterance will do. The senones' ear is convolutions over 0.3 s: what
stands further off would teach it the order of sounds in the languages of its training. Backend-neutral Keras.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers as kl
from pydantic import BaseModel, ConfigDict, Field

from ...controls import SPEECH_CONTROLS
from .features import BINS, SUBFRAMES
from .features import width as heard_width


class TeacherConfig(BaseModel):
    """Shape of the network; the defaults have 7.4 M parameters, with senones 8.4 M."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    controls: tuple[str, ...] = SPEECH_CONTROLS
    front_channels: int = Field(default=128, gt=0)
    channels: int = Field(default=256, gt=0)
    width: int = Field(default=320, gt=0)
    heads: int = Field(default=5, gt=0)
    blocks: int = Field(default=4, gt=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    senones: bool = False
    """Whether a second ear hears the states of pocketsphinx's acoustic model."""
    senone_channels: int = Field(default=192, gt=0)
    senone_blocks: int = Field(default=3, gt=0)

    @property
    def ears(self) -> tuple[str, ...]:
        """Names of what it hears with; each has a head of its own."""
        return ("spectrum", "senones") if self.senones else ("spectrum",)

    def with_ears_of(self, other: TeacherConfig) -> TeacherConfig:
        """This network, given the ear for senones that `other` has, if it lacks one."""
        added = ("senones", "senone_channels", "senone_blocks")
        return self if self.senones else self.model_copy(update={name: getattr(other, name) for name in added})


def build(config: TeacherConfig, precision: str = "float32") -> keras.Model:
    """What `features.hear` gives, float32 [batch, 2 * frames, width] -> curves [batch, frames, controls], linear.

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


def ears(model: keras.Model, *names: str) -> keras.Model:
    """The answers of some ears of `build`'s model, each by itself, over the same weights; what is trained.

    Parameters
    ----------
    names
        Of the config's `ears`.

    Returns
    -------
    Model with one output, or as many as names.
    """
    outputs = [model.get_layer(f"{name}_curves").output for name in names]
    return keras.Model(model.input, outputs[0] if len(outputs) == 1 else outputs, name="ears")


def _network(config: TeacherConfig) -> keras.Model:
    heard = keras.Input((None, heard_width(config.senones)), name="heard")
    if not config.senones:
        return keras.Model(heard, _spectrum(heard, config), name="neural_teacher")
    answers = [_spectrum(heard[..., :BINS], config), _senones(heard[..., BINS:], config)]
    return keras.Model(heard, kl.Average(name="curves", dtype="float32")(answers), name="neural_teacher")


def _senones(x: Any, config: TeacherConfig) -> Any:
    width = config.senone_channels
    x = _conv(x, width, 5, "senones_front1")
    x = _conv(x, width, 5, "senones_front2", strides=SUBFRAMES)
    for index in range(config.senone_blocks):
        x = _residual(x, width, config.dropout, f"senones_block{index + 1}")
    x = kl.LayerNormalization(name="senones_norm")(x)
    return _head(x, config, "senones")


def _spectrum(mel: Any, config: TeacherConfig) -> Any:
    x = _conv(mel, config.front_channels, 5, "front1")
    x = _conv(x, config.channels, 5, "front2", strides=SUBFRAMES)
    for index in range(2):
        x = _residual(x, config.channels, config.dropout, f"fine{index + 1}")
    skip = x
    x = kl.Conv1D(config.width, 4, strides=2, padding="same", name="down")(x)
    for index in range(config.blocks):
        x = _attention(x, config, f"block{index + 1}")
    x = kl.LayerNormalization(name="body_norm")(x)
    x = kl.Conv1DTranspose(config.channels, 4, strides=2, padding="same", name="up")(x)
    x = kl.Add(name="skip")([x, skip])
    for index in range(2):
        x = _residual(x, config.channels, config.dropout, f"late{index + 1}")
    x = kl.LayerNormalization(name="head_norm")(x)
    return _head(x, config, "spectrum")


def _head(x: Any, config: TeacherConfig, ear: str) -> Any:
    count, name = len(config.controls), f"{ear}_head"
    x = kl.Conv1D(count, 3, padding="same", dtype="float32", kernel_initializer="zeros", name=name)(x)
    return kl.Rescaling(HEAD_SCALE, dtype="float32", name=f"{ear}_curves")(x)


HEAD_SCALE = 0.05
"""As in the students: curves are small numbers, and an unscaled head moves by more than their range in one step."""


def _conv(x: Any, channels: int, kernel: int, name: str, strides: int = 1) -> Any:
    x = kl.Conv1D(channels, kernel, strides=strides, padding="same", name=f"{name}_conv")(x)
    x = kl.LayerNormalization(name=f"{name}_norm")(x)
    return kl.Activation("silu", name=f"{name}_act")(x)


def _residual(x: Any, channels: int, dropout: float, name: str) -> Any:
    y = kl.LayerNormalization(name=f"{name}_norm")(x)
    y = kl.Conv1D(channels, 5, padding="same", activation="silu", name=f"{name}_conv")(y)
    y = kl.Conv1D(channels, 1, name=f"{name}_mix")(y)
    y = kl.Dropout(dropout, name=f"{name}_drop")(y)
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
