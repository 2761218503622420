"""A student as convolutions alone, read back from its exported file: what stage 2 and warm starts begin with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray
from pydantic import ValidationError

from .. import spec as specs
from ..errors import BadInput
from . import students
from .architecture import ConvConfig, StudentConfig
from .exported import read_model, student_file


@dataclass(frozen=True, eq=False)
class Folded:
    """A student without BatchNorm.

    Attributes
    ----------
    config
        Its architecture.
    layers
        Kernel float32 [taps, in, out] and bias float32 [out] of "front", "conv1", ... and "head".
    source
        The file.
    """

    config: StudentConfig
    layers: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
    source: Path

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the file."""
        return hashlib.sha256(self.source.read_bytes()).hexdigest()


def read(path: str | Path) -> Folded:
    """A student that `facelite distill` exported: its file, or the folder (of a run, too) that holds it.

    Raises
    ------
    BadInput
        There is none, or it is a student of another kind.
    """
    file = student_file(path)
    spec = specs.load(file.with_name(specs.SPEC_NAME))
    model = read_model(file)
    weights = {layer.name: tuple(layer.get_weights()) for layer in model.layers if isinstance(layer, kl.Conv1D)}
    count = len(weights) - 2
    if set(weights) != {"front", "head", *(f"conv{index + 1}" for index in range(count))}:
        raise BadInput(file, "is no student that facelite distill exported", "distil one")
    added = {layer.name for layer in model.layers if isinstance(layer, kl.Add)}
    try:
        config = StudentConfig(
            name=spec.name,
            sample_rate=spec.sample_rate,
            window=model.input_shape[1],
            lookahead=spec.lookahead,
            front=_conv(model, "front", False),
            layers=tuple(_conv(model, f"conv{i + 1}", f"add{i + 1}" in added) for i in range(count)),
            controls=spec.controls,
            smoothing=spec.smoothing,
            companding=spec.companding,
        )
    except ValidationError as error:
        raise BadInput(file, f"is no student of this kind: {error.errors()[0]['msg']}") from None
    return Folded(config, weights, file)


def listener(folded: Folded, names: list[str], precision: str = "float32") -> keras.Model:
    """The student's features over any stretch of audio; nothing in it trains.

    Returns
    -------
    Model float32 [batch, samples, 1] -> {name: [batch, frames, channels]}, run no further than the last of `names`.
    """
    dtype, config = students.policy(precision), folded.config
    audio = keras.Input((None, 1), name="audio")
    x = students.fused(students.blocks_of(config.front), "front", dtype=dtype)(students.front_blocks(config, audio))
    found = {"front": x}
    for index, layer in enumerate(config.layers):
        y = found[f"conv{index + 1}"] = students.fused(layer, f"conv{index + 1}", dtype=dtype)(x)
        if layer.residual:
            y = kl.Add(name=f"add{index + 1}", dtype=dtype)([y, students.crop(layer, index)(x)])
            found[f"add{index + 1}"] = y
        x = y
    model = keras.Model(audio, {name: found[name] for name in names}, name="frozen")
    for layer in model.layers:
        if layer.name in folded.layers:
            kernel, bias = folded.layers[layer.name]
            if layer.name == "front":
                kernel = students.as_blocks(kernel, config.front.stride)
            layer.set_weights([kernel, bias])
    model.trainable = False
    return model


def _conv(model: keras.Model, name: str, residual: bool) -> ConvConfig:
    layer = model.get_layer(name)
    return ConvConfig(
        channels=layer.filters,
        kernel=layer.kernel_size[0],
        stride=layer.strides[0],
        dilation=layer.dilation_rate[0],
        residual=residual,
    )
