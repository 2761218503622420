"""Batches for the neural teacher: stretches of speech as spectra, warped and masked, with their curves.

Batch ``s`` depends on the recipe and on ``s`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...distill.labelled import LabelledSet
from ...distill.mixer import Mixer
from .features import BINS, hear
from .recipe import TeacherRecipe, TrainConfig

_WARP_SHARE = 0.6
_MASKS = 2


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's data.

    Attributes
    ----------
    heard
        float32 [batch, 2 * crop_frames, width].
    curves
        float32 [batch, crop_frames, controls].
    """

    heard: NDArray[np.float32]
    curves: NDArray[np.float32]


class Batches:
    """Makes the batches of one recipe from the training clips of labelled sets."""

    def __init__(self, sets: list[LabelledSet], recipe: TeacherRecipe) -> None:
        self._train, self._senones = recipe.train, recipe.network.senones
        self._mixer = Mixer(sets, recipe.augment, recipe.source_weights)

    def batch(self, step: int) -> Batch:
        """The batch of `step`."""
        rng = np.random.default_rng([self._train.seed, step])
        pairs = [self._mixer.stretch(rng, self._train.crop_frames) for _ in range(self._train.batch)]
        heard = [self._heard(audio, rng) for audio, _ in pairs]
        return Batch(np.stack(heard), np.stack([curves for _, curves in pairs]))

    def _heard(self, audio: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        heard = hear(audio, self._train.crop_frames, self._senones)
        heard[:, :BINS] = disturb(heard[:, :BINS], rng, self._train)
        return heard


def disturb(mel: NDArray[np.float32], rng: np.random.Generator, train: TrainConfig) -> NDArray[np.float32]:
    """Another vocal tract length, and bands and instants that are not heard (SpecAugment, Park et al. 2019)."""
    if train.warp and rng.random() < _WARP_SHARE:
        mel = mel @ warp_matrix(float(rng.uniform(1 - train.warp, 1 + train.warp)))
    mel = mel.copy()
    for _ in range(_MASKS):
        for axis, longest in ((1, train.masked_bins), (0, train.masked_spectra)):
            width = int(rng.integers(longest + 1))
            first = int(rng.integers(mel.shape[axis] - width))
            np.moveaxis(mel, axis, 0)[first : first + width] = 0.0
    return mel


def warp_matrix(factor: float) -> NDArray[np.float32]:
    """float32 [bins, bins]: band ``j`` of the result is read at band ``factor * j`` by linear interpolation."""
    position = np.minimum(np.arange(BINS) * factor, BINS - 1)
    below = np.minimum(position.astype(np.int64), BINS - 2)
    share = position - below
    matrix = np.zeros((BINS, BINS), np.float32)
    matrix[below, np.arange(BINS)] = 1 - share
    matrix[below + 1, np.arange(BINS)] += share
    return matrix


def worker_batch(step: int, sets: list[str], recipe: str) -> Batch:
    """`Batches.batch` in a worker process; `recipe` is its JSON."""
    return _batches(tuple(sets), recipe).batch(step)


@cache
def _batches(sets: tuple[str, ...], recipe: str) -> Batches:
    return Batches([LabelledSet.open(Path(path)) for path in sets], TeacherRecipe.model_validate_json(recipe))
