"""Training batches: stretches of speech put together from clips, augmented, companded.

Batch ``s`` depends on the recipe and on ``s`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..companding import codes, decode
from .filterbank import MEL_BINS, log_mel
from .labelled import LabelledSet
from .mixer import Mixer
from .recipe import Recipe

_MEL_FADE = 0.5


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's data.

    Attributes
    ----------
    audio
        float32 [batch, (crop_frames - 1) * hop + window + ahead, 1], companded waveform in -1..1; the last `ahead`
        samples are for stage 2's frozen student alone.
    curves
        float32 [batch, crop_frames, controls].
    mel
        float32 [batch, frames, bins], log-mel of the same audio at each hop that the front's features cover;
        zeros when it weighs nothing.
    mel_weight
        Weight of the auxiliary loss at this step.
    """

    audio: NDArray[np.float32]
    curves: NDArray[np.float32]
    mel: NDArray[np.float32]
    mel_weight: float


class Crops:
    """Makes the batches of one recipe from labelled sets.

    Parameters
    ----------
    sets
        Only their training clips are used.
    """

    def __init__(self, sets: list[LabelledSet], recipe: Recipe) -> None:
        self._recipe = recipe
        self._mixer = Mixer(sets, recipe.augment, recipe.source_weights)

    def batch(self, step: int) -> Batch:
        """The batch of `step`."""
        rng = np.random.default_rng([self._recipe.train.seed, step])
        crops = [self._crop(rng) for _ in range(self._recipe.train.batch)]
        student = self._recipe.student
        audio = np.stack([audio for audio, _ in crops])
        curves = np.stack([curves for _, curves in crops])
        frames, weight = mel_frames(self._recipe), mel_weight(self._recipe, step)
        if weight > 0:
            mel = log_mel(audio, frames, student.hop, MEL_BINS, student.sample_rate)
        else:
            mel = np.zeros((len(audio), frames, MEL_BINS), np.float32)
        return Batch(decode(codes(audio, student.companding))[..., None], curves, mel, weight)

    def _crop(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        student, wanted, features = self._recipe.student, self._recipe.train.crop_frames, self._recipe.features
        heard = student.window + (features.ahead if features else 0)
        audio, curves = self._mixer.stretch(rng, wanted - 1 - (-heard // student.hop))
        first = (student.window - student.lookahead) // student.hop
        return audio[: (wanted - 1) * student.hop + heard], curves[first : first + wanted]


def mel_weight(recipe: Recipe, step: int) -> float:
    """The auxiliary loss fades out over the first half of the training: it is a way in, not the aim."""
    return recipe.train.mel_weight * max(0.0, 1.0 - step / (_MEL_FADE * recipe.train.steps))


def mel_frames(recipe: Recipe) -> int:
    """Frames of the features that the auxiliary log-mel output is read from."""
    student = recipe.student
    return student.frames((recipe.train.crop_frames - 1) * student.hop + student.window, student.place(student.stem))


def worker_batch(step: int, sets: list[str], recipe: Recipe) -> Batch:
    """`Crops.batch` in a worker process."""
    return _worker_crops(tuple(sets), recipe.model_dump_json()).batch(step)


@cache
def _worker_crops(sets: tuple[str, ...], recipe: str) -> Crops:
    return Crops([LabelledSet.open(Path(path)) for path in sets], Recipe.model_validate_json(recipe))
