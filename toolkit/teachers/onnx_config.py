"""The TOML that tells how an audio-to-curves network is fed and what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .. import strict_toml
from ..spec import Name

Finite = Annotated[float, Field(allow_inf_nan=False, strict=False)]
InputAxis = Literal["batch", "samples", 1]
OutputAxis = Literal["batch", "frames", "controls", 1]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AudioInput(_Strict):
    """How the waveform goes in.

    Attributes
    ----------
    name
        Of the ONNX input.
    layout
        Its axes in order; 1 is an axis of size one.
    scale
        What the waveform (-1..1) is multiplied by: 32768 for a network that hears integers.
    normalise
        "utterance": mean 0 and variance 1 over the utterance, as wav2vec 2.0's feature extractor does;
        "peak": largest magnitude 1; applied before `scale`.
    """

    name: str
    layout: Annotated[tuple[InputAxis, ...], Field(min_length=1, strict=False)] = ("batch", "samples")
    scale: Finite = 1.0
    normalise: Literal["none", "peak", "utterance"] = "none"

    @field_validator("layout")
    @classmethod
    def _axes(cls, layout: tuple[InputAxis, ...]) -> tuple[InputAxis, ...]:
        return _distinct(layout, ("samples",))


class CurveOutput(_Strict):
    """What comes out: `layout` as for the input; `scale` is what the answers are multiplied by (0.01 for percent)."""

    name: str
    layout: Annotated[tuple[OutputAxis, ...], Field(min_length=1, strict=False)] = ("batch", "frames", "controls")
    scale: Finite = 1.0

    @field_validator("layout")
    @classmethod
    def _axes(cls, layout: tuple[OutputAxis, ...]) -> tuple[OutputAxis, ...]:
        return _distinct(layout, ("controls",))


class Windows(_Strict):
    """The network hears windows of one length.

    Attributes
    ----------
    length
        Samples in a window.
    hop
        Samples between two windows. With one frame a window, frames lie a hop apart; with more, they share it
        evenly.
    centre
        The sample of the window at which its first frame stands; half of `length` when left out.
    """

    length: Annotated[int, Field(gt=0)]
    hop: Annotated[int, Field(gt=0)]
    centre: int | None = None

    @property
    def before(self) -> int:
        """Samples of the window that come before its first frame."""
        return self.length // 2 if self.centre is None else self.centre


class Utterance(_Strict):
    """The network hears the whole utterance.

    Attributes
    ----------
    frame_rate
        Frames a second that it answers with.
    offset
        Seconds from the first sample to the first frame.
    multiple
        Audio is padded with silence to a multiple of this many samples.
    """

    frame_rate: Annotated[Finite, Field(gt=0, le=1000)]
    offset: Finite = 0.0
    multiple: Annotated[int, Field(gt=0)] = 1


class Constant(_Strict):
    """An input that stays the same: `values` in row-major order of `shape`; a batch axis is named as such.

    A single value fills the shape.
    """

    shape: Annotated[tuple[int | Literal["batch"], ...], Field(strict=False)]
    values: Annotated[tuple[Finite, ...], Field(min_length=1, strict=False)]

    @model_validator(mode="after")
    def _fits(self) -> Constant:
        sizes = [size for size in self.shape if size != "batch"]
        if any(size < 1 for size in sizes) or self.shape.count("batch") > 1:
            raise ValueError("shape must hold sizes of 1 or more, and batch at most once")
        wanted = 1
        for size in sizes:
            wanted *= size
        if len(self.values) not in (1, wanted):
            raise ValueError(f"{len(self.values)} values do not fill shape {list(self.shape)}, which takes {wanted}")
        return self


class State(_Strict):
    """What one window hands to the next: the output's value goes into the input; `shape` of zeros to begin with."""

    input: str
    output: str
    shape: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(strict=False)]


class OnnxConfig(_Strict):
    """An ONNX teacher's file.

    Attributes
    ----------
    model
        The .onnx file, relative to this one.
    sample_rate
        Hz that the network hears; other audio is resampled.
    controls
        Name of each output column.
    windows, utterance
        One of the two: how it hears.
    constants
        By the name of the ONNX input.
    states
        Only with windows, which then run one after another.
    batch
        Windows that run at once.
    threads
        For ONNX Runtime.
    """

    model: str
    sample_rate: Annotated[int, Field(ge=4000, le=192000)] = 16000
    controls: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]
    input: AudioInput
    output: CurveOutput
    windows: Windows | None = None
    utterance: Utterance | None = None
    constants: dict[str, Constant] = Field(default_factory=dict)
    states: Annotated[tuple[State, ...], Field(strict=False)] = ()
    batch: Annotated[int, Field(gt=0, le=4096)] = 32
    threads: Annotated[int, Field(gt=0, le=1024)] = 1

    @model_validator(mode="after")
    def _hears_one_way(self) -> OnnxConfig:
        if (self.windows is None) == (self.utterance is None):
            raise ValueError("give one of [windows] and [utterance]")
        if self.states and self.windows is None:
            raise ValueError("states pass from window to window; an utterance has none")
        if self.windows is None and "frames" not in self.output.layout:
            raise ValueError("output.layout of an utterance needs frames")
        if len(set(self.controls)) < len(self.controls):
            raise ValueError("controls names one twice")
        return self


def load(path: Path) -> OnnxConfig:
    """Read the TOML of an ONNX teacher.

    Raises
    ------
    BadInput
        It cannot be read, is not TOML, misspells a key or holds a value out of range; the first fault is named.
    """
    return strict_toml.read(path, OnnxConfig, "give the TOML that describes the network")


def _distinct(layout: tuple, needed: tuple[str, ...]) -> tuple:
    named = [axis for axis in layout if axis != 1]
    absent = [axis for axis in needed if axis not in named]
    if absent or len(set(named)) < len(named):
        raise ValueError(f"layout {list(layout)} must name {', '.join(needed)}, and no axis twice")
    return layout
