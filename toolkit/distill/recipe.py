"""Recipes: one TOML file says everything about a student and how it is trained."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..controls import SPEECH_CONTROLS
from ..errors import BadInput

RECIPES = Path(__file__).parent / "recipes"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ConvConfig(_Strict):
    """A convolution, BatchNorm and ReLU; `residual` adds the block's input, delayed to the same frame."""

    channels: int = Field(gt=0)
    kernel: int = Field(gt=0)
    stride: int = Field(default=1, gt=0)
    dilation: int = Field(default=1, gt=0)
    residual: bool = False


class StudentConfig(_Strict):
    """Architecture: a mel-initialised front, convolutions, and a head that spans what is left of the window."""

    name: str
    sample_rate: int = 16000
    window: int = 8192
    lookahead: int = Field(ge=0)
    front: ConvConfig
    layers: tuple[ConvConfig, ...]
    controls: tuple[str, ...] = SPEECH_CONTROLS
    smoothing: bool = True

    @property
    def hop(self) -> int:
        """Samples between two frames: the product of the strides."""
        hop = self.front.stride
        for layer in self.layers:
            hop *= layer.stride
        return hop

    @property
    def head_kernel(self) -> int:
        """Frames that the head spans, so that the receptive field is exactly the window.

        Raises
        ------
        BadInput
            The strides do not divide the window, or the layers before the head already exceed it.
        """
        frames = self.window
        for layer in (self.front, *self.layers):
            frames -= (layer.kernel - 1) * layer.dilation
            if frames < 1 or (frames - 1) % layer.stride:
                raise BadInput(
                    f"recipe {self.name}",
                    f"kernel {layer.kernel}, stride {layer.stride} leaves a remainder in window {self.window}",
                    "choose kernels whose receptive fields fill the window exactly",
                )
            frames = (frames - 1) // layer.stride + 1
        return frames


class TrainConfig(_Strict):
    """Stage 1: label losses, reconstruction and velocity."""

    steps: int = Field(gt=0)
    batch: int = Field(default=16, gt=0)
    crop_frames: int = Field(default=250, gt=8)
    learning_rate: float = Field(default=1.5e-3, gt=0)
    weight_decay: float = Field(default=1e-4, ge=0)
    warmup: int = Field(default=300, ge=0)
    velocity_weight: float = Field(default=0.5, ge=0)
    closure_weight: float = Field(default=1.0, ge=0)
    mel_weight: float = Field(default=0.5, ge=0)
    seed: int = 1
    evaluate_every: int = Field(default=1000, gt=0)
    calibration: float = Field(default=0.5, ge=0, le=1)


class AugmentConfig(_Strict):
    """How often and how strongly the waveform is changed: a share is a probability, a pair a range drawn from."""

    gain_db: tuple[float, float] = (-40.0, 0.0)
    gain_share: float = Field(default=0.7, ge=0, le=1)
    noise_share: float = Field(default=0.5, ge=0, le=1)
    noise_snr_db: tuple[float, float] = (5.0, 35.0)
    room_share: float = Field(default=0.3, ge=0, le=1)
    room_tone_share: float = Field(default=0.3, ge=0, le=1)
    room_tone_db: tuple[float, float] = (-70.0, -40.0)
    equaliser_share: float = Field(default=0.4, ge=0, le=1)
    speed_share: float = Field(default=0.5, ge=0, le=1)
    speed: tuple[float, float] = (0.85, 1.18)
    pitch_share: float = Field(default=0.15, ge=0, le=1)
    pitch: tuple[float, float] = (-4.0, 4.0)
    """Semitones."""
    vocal_tract_share: float = Field(default=0.25, ge=0, le=1)
    vocal_tract: tuple[float, float] = (0.85, 1.18)
    overdrive_share: float = Field(default=0.08, ge=0, le=1)
    codec_share: float = Field(default=0.2, ge=0, le=1)
    packet_loss_share: float = Field(default=0.05, ge=0, le=1)
    rest_share: float = Field(default=0.08, ge=0, le=1)
    """Of the pieces that a crop is joined from: noise or music alone, with a resting face as the label."""


class Recipe(_Strict):
    """A student, its training and its data."""

    student: StudentConfig
    train: TrainConfig
    augment: AugmentConfig = AugmentConfig()
    source_weights: dict[str, float] = Field(default_factory=dict)
    """Relative share of training audio by corpus source; a source that is not named weighs 1."""


def load(path: str | Path) -> Recipe:
    """Read a recipe file, or a packaged one by its name ("tiny_real_time").

    Raises
    ------
    BadInput
        No such file, not TOML, a misspelt key, or a value out of range; the first fault is named.
    """
    file = Path(path)
    if not file.suffix and (RECIPES / f"{path}.toml").exists():
        file = RECIPES / f"{path}.toml"
    try:
        recipe = Recipe.model_validate(tomllib.loads(file.read_text("utf-8")))
    except OSError as error:
        known = ", ".join(sorted(p.stem for p in RECIPES.glob("*.toml")))
        raise BadInput(path, error.strerror or "cannot be read", f"packaged recipes: {known}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(file, f"not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BadInput(file, f"{field}: {first['msg']}") from None
    recipe.student.head_kernel  # noqa: B018  raises when the layers do not fill the window
    return recipe
