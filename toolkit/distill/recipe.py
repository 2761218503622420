"""Recipes: one TOML file says everything about a student and how it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from .. import strict_toml
from ..errors import BadInput
from .architecture import Strict, StudentConfig

RECIPES = Path(__file__).parent / "recipes"


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError(f"runs backwards: {pair[0]:g} is above {pair[1]:g}")
    return pair


_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Range = Annotated[tuple[_Finite, _Finite], AfterValidator(_ordered)]
_Factors = Annotated[tuple[_Factor, _Factor], AfterValidator(_ordered)]

SourceWeights = dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
"""Relative share of training audio by corpus source; a source that is not named weighs 1."""


class TrainConfig(Strict):
    """Label losses, reconstruction and velocity; and how a run goes about it.

    Attributes
    ----------
    checkpoint_every
        Steps between two checkpoints: what a killed run loses at most.
    threads
        CPU threads of the training process; 0 for as many as there are. Weights repeat to the bit on as many.
    workers
        Processes that make the batches; they do not change what is in them.
    precision
        What layers compute in; weights and losses are float32 either way.
    deterministic
        Only operations that repeat to the bit; on a GPU that costs time.
    """

    steps: int = Field(gt=0)
    batch: int = Field(default=16, gt=0)
    crop_frames: int = Field(default=250, gt=8)
    learning_rate: float = Field(default=1.5e-3, gt=0)
    weight_decay: float = Field(default=1e-4, ge=0)
    warmup: int = Field(default=300, ge=0)
    velocity_weight: float = Field(default=0.5, ge=0)
    contact_weight: float = Field(default=3.0, ge=0)
    mel_weight: float = Field(default=0.5, ge=0)
    seed: int = Field(default=1, ge=0, lt=2**32)
    evaluate_every: int = Field(default=1000, gt=0)
    checkpoint_every: int = Field(default=250, gt=0)
    threads: int = Field(default=0, ge=0)
    workers: int = Field(default=1, gt=0)
    precision: Literal["float32", "bfloat16"] = "float32"
    deterministic: bool = True
    calibration: float = Field(default=0.5, ge=0, le=1)


class FeatureConfig(Strict):
    """Stage 2: besides the labels, the features of a frozen student of the same kind.

    Attributes
    ----------
    source
        `from` in the recipe: the frozen student's run, bundle folder or student.keras.
    layers
        This student's layer -> the frozen student's layer that it learns from, both named as in the exported student
        ("front", "conv3", "add6"); none for the last layer before the residual blocks and the one that the head reads.
    weight
        Of the loss: the share of the frozen features' variance that is not yet explained, a mean over the layers.
    fade
        Share of the training over which the weight falls to 0, in a straight line; None to keep it.
    ahead
        Samples by which the frozen student's features are newer than this one's. 0 compares features of the same
        audio, so a student with less lookahead has heard what it is asked for; the difference of the two lookaheads
        compares features of the same frame, so it must guess what is to come.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    source: str | None = Field(default=None, alias="from")
    layers: dict[str, str] = Field(default_factory=dict)
    weight: float = Field(default=1.0, gt=0)
    fade: float | None = Field(default=None, gt=0, le=1)
    ahead: int = Field(default=0, ge=0)


class AugmentConfig(Strict):
    """How often and how strongly the waveform is changed: a share is a probability, a pair a range drawn from."""

    gain_db: _Range = (-40.0, 0.0)
    gain_share: float = Field(default=0.7, ge=0, le=1)
    noise_share: float = Field(default=0.5, ge=0, le=1)
    noise_snr_db: _Range = (5.0, 35.0)
    room_share: float = Field(default=0.3, ge=0, le=1)
    room_tone_share: float = Field(default=0.3, ge=0, le=1)
    room_tone_db: _Range = (-70.0, -40.0)
    equaliser_share: float = Field(default=0.4, ge=0, le=1)
    speed_share: float = Field(default=0.5, ge=0, le=1)
    speed: _Factors = (0.85, 1.18)
    pitch_share: float = Field(default=0.15, ge=0, le=1)
    pitch: _Range = (-4.0, 4.0)
    """Semitones."""
    vocal_tract_share: float = Field(default=0.25, ge=0, le=1)
    vocal_tract: _Factors = (0.85, 1.18)
    overdrive_share: float = Field(default=0.08, ge=0, le=1)
    codec_share: float = Field(default=0.2, ge=0, le=1)
    packet_loss_share: float = Field(default=0.05, ge=0, le=1)
    rest_share: float = Field(default=0.08, ge=0, le=1)
    """Of the pieces that a crop is joined from: noise or music alone, with a resting face as the label."""


class Recipe(Strict):
    """A student, its training and its data; with `features` its training is hybrid."""

    student: StudentConfig
    train: TrainConfig
    features: FeatureConfig | None = None
    augment: AugmentConfig = AugmentConfig()
    source_weights: SourceWeights = Field(default_factory=dict)


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
    packaged = ", ".join(sorted(found.stem for found in RECIPES.glob("*.toml")))
    recipe = strict_toml.read(file, Recipe, f"packaged recipes: {packaged}")
    problem = _misfit(recipe)
    if problem:
        raise BadInput(file, *problem)
    return recipe


def changed(recipe: Recipe, section: str, **values: Any) -> Recipe:
    """`recipe` with `values` in its section "train" or "features"; None leaves what is there."""
    given = {name: value for name, value in values.items() if value is not None}
    return recipe.model_copy(update={section: getattr(recipe, section).model_copy(update=given)}) if given else recipe


def _misfit(recipe: Recipe) -> tuple[str, str] | None:
    """What the sections make of each other: the problem, with its field, and the mend; None where they fit."""
    student, features = recipe.student, recipe.features
    if features is None:
        return None
    if features.ahead % student.hop:
        return f"features.ahead: {features.ahead} is not a multiple of the hop", f"choose a multiple of {student.hop}"
    for name in features.layers:
        if name not in student.names:
            return f"features.layers.{name}: the student has no such layer", f"known: {', '.join(student.names)}"
    return None
