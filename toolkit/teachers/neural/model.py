"""The network: an ear for the spectrum, perhaps two for senones; each animates by itself, the mean is the answer.

The spectrum's ear is convolutions at 125 and 62.5 frames a second, attention at 31.25, and back. Positions are not
encoded: convolutions carry what is near, attention is left to gather what an utterance says about its speaker and
its channel, and any length of utterance will do. The senones' ear is convolutions over 0.3 s: what
stands further off would teach it the order of sounds in the languages of its training. The phones' ear is one linear
layer over how probable each phone is: a pose for each, of which it gives the mean. Backend-neutral Keras.
"""

from __future__ import annotations

from typing import Any, Literal

import keras
from keras import layers as kl
from keras import ops
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ...controls import SPEECH_CONTROLS
from .features import BINS, SUBFRAMES
from .features import width as heard_width
from .senones import score
from .senones.model_files import STATES

Ear = Literal["spectrum", "senones", "phones"]

HEAD_SCALE: dict[Ear, float] = {"spectrum": 0.05, "senones": 0.05, "phones": 1.0}
"""As in the students: curves are small numbers, and an unscaled head moves by more than their range in one step. The
phones' ear hears probabilities, few of which are above 0 at a time."""

_PHONE_REACH = 9
"""Frames of senones, 72 ms."""


class TeacherConfig(BaseModel):
    """Shape of the network; the defaults have 7.4 M parameters, with every ear 8.4 M."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    controls: tuple[str, ...] = SPEECH_CONTROLS
    front_channels: int = Field(default=128, gt=0)
    channels: int = Field(default=256, gt=0)
    width: int = Field(default=320, gt=0)
    heads: int = Field(default=5, gt=0)
    blocks: int = Field(default=4, gt=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    ears: tuple[Ear, ...] = Field(default=("spectrum",), min_length=1)
    """What it hears with, each with a head of its own; "senones" and "phones" hear pocketsphinx's acoustic model."""
    senone_channels: int = Field(default=192, gt=0)
    senone_blocks: int = Field(default=3, gt=0)

    @field_validator("ears")
    @classmethod
    def _are_different(cls, ears: tuple[Ear, ...]) -> tuple[Ear, ...]:
        if len(set(ears)) < len(ears):
            raise ValueError("names an ear twice")
        return ears

    @property
    def senones(self) -> bool:
        """Whether an ear hears the states of pocketsphinx's acoustic model."""
        return not {"senones", "phones"}.isdisjoint(self.ears)

    def with_ears_of(self, other: TeacherConfig) -> TeacherConfig:
        """This network, given the ears of `other` that it lacks."""
        shape = () if "senones" in self.ears else ("senone_channels", "senone_blocks")
        added = tuple(ear for ear in other.ears if ear not in self.ears)
        return self.model_copy(update={"ears": self.ears + added} | {name: getattr(other, name) for name in shape})


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
    mel, states = heard[..., :BINS], heard[..., BINS:]
    organs = {
        "spectrum": lambda: _spectrum(mel, config),
        "senones": lambda: _senones(states, config),
        "phones": lambda: _phones(states, config),
    }
    answers = [organs[ear]() for ear in config.ears]
    mean = kl.Average(name="curves", dtype="float32")(answers) if len(answers) > 1 else answers[0]
    return keras.Model(heard, mean, name="neural_teacher")


def _phones(x: Any, config: TeacherConfig) -> Any:
    probability = ops.exp((x - 1) * score.HALF_RANGE)
    phones = kl.Reshape((-1, score.PHONES, STATES), dtype="float32")(probability)
    return _head(ops.sum(phones, axis=-1), config, "phones", kernel=_PHONE_REACH, strides=SUBFRAMES)


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


def _head(x: Any, config: TeacherConfig, ear: Ear, kernel: int = 3, strides: int = 1) -> Any:
    form = {"strides": strides, "padding": "same", "kernel_initializer": "zeros", "dtype": "float32"}
    x = kl.Conv1D(len(config.controls), kernel, name=f"{ear}_head", **form)(x)
    return kl.Rescaling(HEAD_SCALE[ear], dtype="float32", name=f"{ear}_curves")(x)


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
