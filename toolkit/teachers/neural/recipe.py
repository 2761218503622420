"""The neural teacher's recipe: one TOML file says everything about the network and how it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ... import strict_toml
from ...distill.recipe import AugmentConfig, SourceWeights
from .model import Ear, TeacherConfig

PACKAGED = Path(__file__).with_name("teacher.toml")


class TrainConfig(BaseModel):
    """How the network is trained on the oracle's labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: int = Field(gt=0)
    batch: int = Field(default=16, gt=0)
    crop_frames: int = Field(default=250, gt=8, multiple_of=2)
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    warmup: int = Field(default=200, ge=0)
    velocity_weight: float = Field(default=0.5, ge=0)
    contact_weight: float = Field(default=3.0, ge=0)
    warp: float = Field(default=0.12, ge=0, lt=0.5)
    """Largest share by which vocal tracts are lengthened or shortened, on the mel scale."""
    masked_bins: int = Field(default=12, ge=0)
    masked_spectra: int = Field(default=8, ge=0)
    ears: tuple[Ear, ...] | None = Field(default=None, min_length=1)
    """Which of the network's ears learn, all if left out; the others keep what the start gave them."""
    precision: str = Field(default="float32", pattern="^(float32|mixed_bfloat16)$")
    workers: int = Field(default=1, gt=0)
    """Processes that make batches; what they make does not depend on it."""
    seed: int = Field(default=1, ge=0, lt=2**32)
    evaluate_every: int = Field(default=500, gt=0)
    calibration: float = Field(default=0.5, ge=0, le=1)


class TeacherRecipe(BaseModel):
    """Network, training and data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: TeacherConfig = TeacherConfig()
    train: TrainConfig
    augment: AugmentConfig = AugmentConfig()
    source_weights: SourceWeights = Field(default_factory=dict)

    @property
    def ears(self) -> tuple[str, ...]:
        """Those that learn."""
        return self.train.ears or self.network.ears

    @model_validator(mode="after")
    def _has_its_ears(self) -> Self:
        if deaf := [ear for ear in self.ears if ear not in self.network.ears]:
            raise ValueError(f"train.ears names {deaf[0]}, which the network does not hear: add it to network.ears")
        return self


def load(path: str | Path | None = None) -> TeacherRecipe:
    """Read a recipe file, or the packaged one.

    Raises
    ------
    BadInput
        No such file, not TOML, a misspelt key, or a value out of range; the first fault is named.
    """
    return strict_toml.read(path or PACKAGED, TeacherRecipe)
