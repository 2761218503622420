"""What a student is made of: the [student] section of a recipe."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..companding import Curve
from ..controls import SPEECH_CONTROLS
from ..spec import Name

CORPUS_RATE = 16000
"""Hz; see `speech.audio.SAMPLE_RATE`, whose module takes a sound library to import."""


class Strict(BaseModel):
    """A section of a recipe: no other keys than its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ConvConfig(Strict):
    """A convolution, BatchNorm and ReLU; `residual` adds the block's input, delayed to the same frame."""

    channels: int = Field(gt=0)
    kernel: int = Field(gt=0)
    stride: int = Field(default=1, gt=0)
    dilation: int = Field(default=1, gt=0)
    residual: bool = False


class StudentConfig(Strict):
    """Architecture: a mel-initialised front, convolutions, and a head that spans what is left of the window."""

    name: Name
    sample_rate: int = CORPUS_RATE
    window: int = Field(default=8192, gt=0)
    lookahead: int = Field(ge=0)
    front: ConvConfig
    layers: tuple[ConvConfig, ...]
    controls: tuple[Name, ...] = Field(default=SPEECH_CONTROLS, min_length=1)
    smoothing: bool = True
    companding: Curve = "mulaw"

    @property
    def hop(self) -> int:
        """Samples between two frames: the product of the strides."""
        return self.rate(self.trunk)

    @property
    def head_kernel(self) -> int:
        """Frames that the head spans, so that the receptive field is exactly the window."""
        return self.frames(self.window, len(self.layers))

    @property
    def stem(self) -> str:
        """The last layer that is not residual, as the exported student names it."""
        plain = [f"conv{index + 1}" for index, layer in enumerate(self.layers) if not layer.residual]
        return plain[-1] if plain else "front"

    @property
    def trunk(self) -> str:
        """The layer that the head reads."""
        return self.names[-1]

    @property
    def names(self) -> tuple[str, ...]:
        """Layers in order, as the exported student names them, without the head."""
        names = ["front"]
        for index, layer in enumerate(self.layers):
            names += [f"conv{index + 1}"] + ([f"add{index + 1}"] if layer.residual else [])
        return tuple(names)

    def rate(self, name: str) -> int:
        """Samples between two features of the layer called `name`."""
        samples = self.front.stride
        for layer in self.layers[: self.place(name)]:
            samples *= layer.stride
        return samples

    def channels(self, name: str) -> int:
        """Features a frame of the layer called `name`."""
        place = self.place(name)
        return self.layers[place - 1].channels if place else self.front.channels

    def frames(self, samples: int, layers: int) -> int:
        """Features that the front and the first `layers` layers make of `samples` samples."""
        frames = samples
        for layer in (self.front, *self.layers[:layers]):
            frames = (frames - (layer.kernel - 1) * layer.dilation - 1) // layer.stride + 1
        return frames

    def place(self, name: str) -> int:
        """How many of `layers` it takes to the layer called `name`."""
        return 0 if name == "front" else int(name.removeprefix("conv").removeprefix("add"))

    @field_validator("sample_rate")
    @classmethod
    def _of_corpora(cls, rate: int) -> int:
        if rate != CORPUS_RATE:
            raise ValueError(f"must be {CORPUS_RATE}: that is what corpora hold, and what a student would hear")
        return rate

    @field_validator("controls")
    @classmethod
    def _distinct(cls, controls: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(controls)) < len(controls):
            raise ValueError("a name stands there more than once")
        return controls

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_window()
        self._check_residuals()
        if self.front.kernel % self.front.stride:
            raise ValueError("the front's kernel must be a multiple of its stride")
        if self.lookahead >= self.window or (self.window - self.lookahead) % self.hop:
            raise ValueError(f"lookahead {self.lookahead} is not the window less whole hops of {self.hop}")
        return self

    def _check_window(self) -> None:
        frames = self.window
        for index, layer in enumerate((self.front, *self.layers)):
            frames -= (layer.kernel - 1) * layer.dilation
            if frames < 1 or (frames - 1) % layer.stride:
                where = f"layers.{index - 1}" if index else "front"
                raise ValueError(
                    f"{where} leaves a remainder in window {self.window}: "
                    "choose kernels whose receptive fields fill it exactly"
                )
            frames = (frames - 1) // layer.stride + 1

    def _check_residuals(self) -> None:
        channels = self.front.channels
        for index, layer in enumerate(self.layers):
            if layer.residual and (layer.channels, layer.stride) != (channels, 1):
                raise ValueError(f"layers.{index} is residual: it must keep {channels} channels, with stride 1")
            channels = layer.channels
