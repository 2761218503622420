"""Stretches of speech for training: clips put end to end, changed as a microphone, a room or a speaker would."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..speech import augment
from .labelled import Entry, LabelledSet
from .recipe import AugmentConfig

_LONGEST_GAP = 20
_NOISE_MIX = 0.6
_STUDIO_DB = (-6.0, 0.0)


class Mixer:
    """Draws audio and its labels from labelled sets.

    Parameters
    ----------
    sets
        Only their training clips are used; all share one hop and one list of controls.
    config
        How often and how strongly the audio is changed.
    weights
        Relative share of training audio by source; a source that is not named weighs 1.
    """

    def __init__(self, sets: list[LabelledSet], config: AugmentConfig, weights: dict[str, float]) -> None:
        self._config = config
        self._hop, self._controls = sets[0].hop, len(sets[0].controls)
        pairs = [(labelled, entry) for labelled in sets for entry in labelled.entries if entry.split == "train"]
        self._clips = [pair for pair in pairs if pair[1].labelled]
        self._noises = [pair for pair in pairs if not pair[1].labelled]
        self._shares = _shares([entry for _, entry in self._clips], weights)

    def stretch(self, rng: np.random.Generator, frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Speech of `frames` frames: audio float32 [frames * hop] and curves float32 [frames, controls].

        Frame ``i`` stands at sample ``i * hop``.
        """
        config = self._config
        if rng.random() < config.speed_share:
            audio, curves = self._join(rng, math.ceil(frames / config.speed[0]) + 1)
            audio, factor = augment.speed(audio, rng, *config.speed)
            curves = _stretch(curves, factor, frames)
        else:
            audio, curves = self._join(rng, frames)
        return self._augment(audio[: frames * self._hop], rng), curves

    def _join(self, rng: np.random.Generator, frames: int) -> tuple[NDArray, NDArray]:
        """Clips end to end with gaps of silence, starting somewhere inside the first."""
        hop = self._hop
        audio, curves = np.zeros(frames * hop, np.float32), np.zeros((frames, self._controls), np.float32)
        position = 0
        while position < frames:
            labelled, entry = self._clips[int(np.searchsorted(self._shares, rng.random()))]
            skip = int(rng.integers(entry.frames)) if position == 0 else 0
            taken = min(entry.frames - skip, frames - position)
            audio[position * hop : (position + taken) * hop] = _audio(labelled, entry, skip, taken)
            curves[position : position + taken] = labelled.curves[entry.frame + skip : entry.frame + skip + taken]
            position += taken + int(rng.integers(_LONGEST_GAP))
        return audio, curves

    def _augment(self, audio: NDArray, rng: np.random.Generator) -> NDArray[np.float32]:
        config = self._config
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
