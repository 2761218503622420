"""Training batches: stretches of speech put together from clips, augmented, companded.

Batch ``s`` depends on the recipe and on ``s`` alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..companding import codes, decode
from ..speech import augment
from .filterbank import MEL_BINS, log_mel
from .labelled import Entry, LabelledSet
from .recipe import AugmentConfig, Recipe

_LONGEST_GAP = 20
_NOISE_MIX = 0.6
_MEL_FADE = 0.5
_STUDIO_DB = (-6.0, 0.0)


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's data.

    Attributes
    ----------
    audio
        float32 [batch, (crop_frames - 1) * hop + window, 1], companded waveform in -1..1.
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
        pairs = [(labelled, entry) for labelled in sets for entry in labelled.entries if entry.split == "train"]
        self._clips = [pair for pair in pairs if pair[1].labelled]
        self._noises = [pair for pair in pairs if not pair[1].labelled]
        self._shares = _shares([entry for _, entry in self._clips], recipe.source_weights)

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
        return Batch(decode(codes(audio))[..., None], curves, mel, weight)

    def _crop(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        student, config = self._recipe.student, self._recipe.augment
        frames = self._recipe.train.crop_frames + student.window // student.hop - 1
        samples = frames * student.hop
        if rng.random() < config.speed_share:
            audio, curves = self._join(rng, math.ceil(frames / config.speed[0]) + 1, student.hop)
            audio, factor = augment.speed(audio, rng, *config.speed)
            curves = _stretch(curves, factor, frames)
        else:
            audio, curves = self._join(rng, frames, student.hop)
        audio = self._augment(audio[:samples], rng, config)
        first = (student.window - student.lookahead) // student.hop
        return audio, curves[first : first + self._recipe.train.crop_frames]

    def _join(self, rng: np.random.Generator, frames: int, hop: int) -> tuple[NDArray, NDArray]:
        """Clips end to end with gaps of silence, starting somewhere inside the first."""
        controls = len(self._recipe.student.controls)
        audio, curves = np.zeros(frames * hop, np.float32), np.zeros((frames, controls), np.float32)
        position = 0
        while position < frames:
            labelled, entry = self._clips[int(np.searchsorted(self._shares, rng.random()))]
            skip = int(rng.integers(entry.frames)) if position == 0 else 0
            taken = min(entry.frames - skip, frames - position)
            audio[position * hop : (position + taken) * hop] = _audio(labelled, entry, skip, taken)
            curves[position : position + taken] = labelled.curves[entry.frame + skip : entry.frame + skip + taken]
            position += taken + int(rng.integers(_LONGEST_GAP))
        return audio, curves

    def _augment(self, audio: NDArray, rng: np.random.Generator, config: AugmentConfig) -> NDArray[np.float32]:
        if rng.random() < config.equaliser_share:
            audio = augment.equalise(audio, rng)
        if rng.random() < config.room_share:
            audio = augment.room(audio, rng)
        if rng.random() < config.noise_share:
            audio = augment.add_noise(audio, self._noise(rng, len(audio)), rng, *config.noise_snr_db)
        low, high = config.gain_db if rng.random() < config.gain_share else _STUDIO_DB
        return augment.gain(audio, rng, low, high)

    def _noise(self, rng: np.random.Generator, samples: int) -> NDArray[np.float32]:
        if not self._noises or rng.random() > _NOISE_MIX:
            return augment.coloured_noise(samples, rng, str(rng.choice(list(augment.SPECTRA))))
        labelled, entry = self._noises[int(rng.integers(len(self._noises)))]
        return labelled.clip_audio(entry)


def mel_weight(recipe: Recipe, step: int) -> float:
    """The auxiliary loss fades out over the first half of the training: it is a way in, not the aim."""
    return recipe.train.mel_weight * max(0.0, 1.0 - step / (_MEL_FADE * recipe.train.steps))


def mel_frames(recipe: Recipe) -> int:
    """Frames of the features that the auxiliary log-mel output is read from."""
    student = recipe.student
    frames = (recipe.train.crop_frames - 1) * student.hop + student.window
    for layer in (student.front, *student.layers):
        if layer.residual:
            break
        frames = (frames - (layer.kernel - 1) * layer.dilation - 1) // layer.stride + 1
    return frames


def worker_batch(step: int, sets: list[str], recipe: Recipe) -> Batch:
    """`Crops.batch` in a worker process."""
    return _worker_crops(tuple(sets), recipe.model_dump_json()).batch(step)


@cache
def _worker_crops(sets: tuple[str, ...], recipe: str) -> Crops:
    return Crops([LabelledSet.open(Path(path)) for path in sets], Recipe.model_validate_json(recipe))


def _shares(entries: list[Entry], weights: dict[str, float]) -> NDArray[np.float64]:
    """Cumulative probability of each entry: its length times its source's weight."""
    share = np.cumsum([entry.frames * weights.get(entry.source, 1.0) for entry in entries])
    return share / share[-1]


def _audio(labelled: LabelledSet, entry: Entry, skip: int, frames: int) -> NDArray[np.float32]:
    first = (entry.frame + skip) * labelled.hop
    return labelled.audio[first : first + frames * labelled.hop].astype(np.float32) / np.float32(32768)


def _stretch(curves: NDArray, factor: float, frames: int) -> NDArray[np.float32]:
    """The first `frames` frames of curves whose times are multiplied by `factor`."""
    position = np.minimum(np.arange(frames) / factor, len(curves) - 1)
    below = position.astype(np.int64)
    share = (position - below).astype(np.float32)[:, None]
    above = np.minimum(below + 1, len(curves) - 1)
    return (curves[below] * (1 - share) + curves[above] * share).astype(np.float32)
