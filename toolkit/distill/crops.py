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
from ..speech import augment
from .filterbank import MEL_BINS, log_mel
from .labelled import Entry, LabelledSet
from .recipe import AugmentConfig, Recipe

_LONGEST_GAP = 20
_NOISE_MIX = 0.6


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
        float32 [batch, frames, bins], log-mel of the same audio at each hop that the front's features cover.
    """

    audio: NDArray[np.float32]
    curves: NDArray[np.float32]
    mel: NDArray[np.float32]


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
        audio = decode(codes(np.stack([audio for audio, _ in crops])))
        linear = np.stack([audio for audio, _ in crops])
        frames = mel_frames(self._recipe)
        mel = log_mel(linear, frames, student.hop, MEL_BINS, student.sample_rate)
        return Batch(audio[..., None], np.stack([curves for _, curves in crops]), mel)

    def _crop(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        student, config = self._recipe.student, self._recipe.augment
        frames = self._recipe.train.crop_frames + student.window // student.hop - 1
        factor = rng.uniform(*config.speed) if rng.random() < config.speed_share else 1.0
        audio, curves = self._join(rng, round(frames * factor), student.hop)
        if len(curves) != frames:
            audio = augment.speed(audio, frames * student.hop)
            curves = _stretch(curves, frames)
        audio = self._augment(audio, rng, config)
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
        if rng.random() < config.room_share:
            audio = augment.room(audio, rng)
        if rng.random() < config.noise_share:
            audio = augment.add_noise(audio, rng, self._noise(rng, len(audio)), config.noise_snr_db)
        if rng.random() < config.equaliser_share:
            audio = augment.equalise(audio, rng)
        peak = float(np.abs(audio).max())
        if peak > 0:
            audio = audio * np.float32(10 ** (rng.uniform(-6, 0) / 20) / peak)
        if rng.random() < config.gain_share:
            audio = augment.gain(audio, rng, config.gain_db)
        return audio

    def _noise(self, rng: np.random.Generator, samples: int) -> NDArray[np.float32]:
        if not self._noises or rng.random() > _NOISE_MIX:
            return augment.coloured_noise(samples, rng)
        labelled, entry = self._noises[int(rng.integers(len(self._noises)))]
        return np.resize(labelled.clip_audio(entry), samples)


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
    return labelled.audio[first : first + frames * labelled.hop].astype(np.float32) / 32768


def _stretch(curves: NDArray, frames: int) -> NDArray[np.float32]:
    position = np.arange(frames) * ((len(curves) - 1) / max(frames - 1, 1))
    below = position.astype(np.int64)
    share = (position - below).astype(np.float32)[:, None]
    above = np.minimum(below + 1, len(curves) - 1)
    return curves[below] * (1 - share) + curves[above] * share
