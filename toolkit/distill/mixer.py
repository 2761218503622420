"""Stretches of speech for training: clips put end to end, changed as a microphone, a room or a speaker would."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..cli.common import note
from ..errors import BadInput
from ..speech import augment
from ..speech.audio import SAMPLE_RATE
from .labelled import Entry, LabelledSet
from .recipe import AugmentConfig

_ALIKE = 0.75
"""Likeness, after difflib, from which one name may be another misspelt: vckt and vctk."""

_LONGEST_GAP = 20
_NOISE_MIX = {"recorded": 0.55, "music": 0.2, "coloured": 0.25}
_REST_SECONDS = (0.5, 4.0)
_REST_DB = (-30.0, -3.0)
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
        pairs = [(labelled, entry) for labelled in sets for entry in labelled.entries if _trains(entry)]
        self._clips = [pair for pair in pairs if pair[1].labelled]
        self._noises = [pair for pair in pairs if not pair[1].labelled and not pair[1].language]
        self._shares = _shares([entry for _, entry in self._clips], weights)

    def stretch(self, rng: np.random.Generator, frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Speech of `frames` frames: audio float32 [frames * hop] and curves float32 [frames, controls].

        Frame ``i`` stands at sample ``i * hop``.
        """
        config = self._config
        if rng.random() < config.speed_share:
            audio, curves = self._join(rng, _before_speed(frames, *config.speed))
            audio, factor = augment.speed(audio, rng, *config.speed)
            curves = _stretch(curves, factor, frames)
        else:
            audio, curves = self._join(rng, frames)
        return self._augment(audio[: frames * self._hop], rng), curves

    def _join(self, rng: np.random.Generator, frames: int) -> tuple[NDArray, NDArray]:
        """Clips end to end with gaps of silence, starting somewhere inside the first; some are noise or music."""
        hop = self._hop
        audio, curves = np.zeros(frames * hop, np.float32), np.zeros((frames, self._controls), np.float32)
        position = 0
        while position < frames:
            if rng.random() < self._config.rest_share:  # the curves stay at the resting face
                taken = min(int(rng.uniform(*_REST_SECONDS) * SAMPLE_RATE) // hop, frames - position)
                audio[position * hop : (position + taken) * hop] = self._rest(rng, taken * hop)
                position += taken
                continue
            labelled, entry = self._clips[int(np.searchsorted(self._shares, rng.random()))]
            skip = int(rng.integers(entry.frames)) if position == 0 else 0
            taken = min(entry.frames - skip, frames - position)
            audio[position * hop : (position + taken) * hop] = _audio(labelled, entry, skip, taken)
            curves[position : position + taken] = labelled.curves[entry.frame + skip : entry.frame + skip + taken]
            position += taken + int(rng.integers(_LONGEST_GAP))
        return audio, curves

    def _augment(self, audio: NDArray, rng: np.random.Generator) -> NDArray[np.float32]:
        """From the mouth to the loudspeaker: speaker, room, what else sounds there, microphone, channel."""
        config = self._config
        if rng.random() < config.pitch_share:
            audio = augment.pitch(audio, rng, *config.pitch)
        if rng.random() < config.vocal_tract_share:
            audio = augment.vocal_tract(audio, rng, *config.vocal_tract)
        if rng.random() < config.room_share:
            audio = augment.room(audio, rng)
        if rng.random() < config.noise_share:
            audio = augment.add_noise(audio, self._noise(rng, len(audio)), rng, *config.noise_snr_db)
        if rng.random() < config.room_tone_share:
            audio = augment.room_tone(audio, rng, *config.room_tone_db)
        if rng.random() < config.equaliser_share:
            audio = augment.equalise(audio, rng)
        if rng.random() < config.overdrive_share:
            audio = augment.overdrive(audio, rng)
        if rng.random() < config.codec_share:
            audio = augment.codec(audio, rng)
        if rng.random() < config.packet_loss_share:
            audio = augment.packet_loss(audio, rng)
        low, high = config.gain_db if rng.random() < config.gain_share else _STUDIO_DB
        return augment.gain(audio, rng, low, high)

    def _rest(self, rng: np.random.Generator, samples: int) -> NDArray[np.float32]:
        noise = self._noise(rng, samples)
        start = int(rng.integers(max(1, len(noise) - samples + 1)))
        return augment.gain(np.resize(noise[start : start + samples], samples), rng, *_REST_DB)

    def _noise(self, rng: np.random.Generator, samples: int) -> NDArray[np.float32]:
        kind = str(rng.choice(list(_NOISE_MIX), p=list(_NOISE_MIX.values())))
        if kind == "recorded" and self._noises:
            labelled, entry = self._noises[int(rng.integers(len(self._noises)))]
            return labelled.clip_audio(entry)
        if kind == "music":
            return augment.music(samples, rng)
        return augment.coloured_noise(samples, rng, str(rng.choice(list(augment.SPECTRA))))


def check(folders: Sequence[Path], sets: Sequence[LabelledSet], weights: Mapping[str, float]) -> None:
    """Refuse sets that a `Mixer` can draw nothing from; a weight that looks misspelt is named on stderr.

    Recipes may name sources that a corpus lacks, so only a name much like that of a source without a weight is one.

    Raises
    ------
    BadInput
        There is no labelled training clip, or all their sources weigh nothing.
    """
    sources = {entry.source for labelled in sets for entry in labelled.entries if entry.labelled and _trains(entry)}
    if not sources:
        raise BadInput(", ".join(map(str, folders)), "has no clip of a training speaker", "label a larger corpus")
    if not any(weights.get(source, 1.0) for source in sources):
        raise BadInput("source_weights", f"{', '.join(sorted(sources))} weigh 0", "give one of them more")
    unnamed = sorted(sources - set(weights))
    near = {name: get_close_matches(name, unnamed, 1, _ALIKE) for name in weights if name not in sources}
    if meant := [f"{name} ({found[0]}?)" for name, found in near.items() if found]:
        note(f"source_weights: no source is called {', '.join(meant)}")


def _trains(entry: Entry) -> bool:
    return entry.split == "train"


def _shares(entries: list[Entry], weights: dict[str, float]) -> NDArray[np.float64]:
    """Cumulative probability of each entry: its length times its source's weight."""
    share = np.cumsum([entry.frames * weights.get(entry.source, 1.0) for entry in entries])
    return share / share[-1]


def _audio(labelled: LabelledSet, entry: Entry, skip: int, frames: int) -> NDArray[np.float32]:
    first = (entry.frame + skip) * labelled.hop
    return labelled.audio[first : first + frames * labelled.hop].astype(np.float32) / np.float32(32768)


def _before_speed(frames: int, slowest: float, fastest: float) -> int:
    """Frames to join so that `frames` are left at every speed of the range.

    `fastest` alone decides what is needed. The first term decides how much is joined for most ranges, and with it
    all that is drawn after: without it the batches of known recipes would be others.
    """
    return max(math.ceil(frames / slowest) + 1, math.ceil(frames * fastest))


def _stretch(curves: NDArray, factor: float, frames: int) -> NDArray[np.float32]:
    """The first `frames` frames of curves whose times are multiplied by `factor`."""
    position = np.minimum(np.arange(frames) / factor, len(curves) - 1)
    below = position.astype(np.int64)
    share = (position - below).astype(np.float32)[:, None]
    above = np.minimum(below + 1, len(curves) - 1)
    return (curves[below] * (1 - share) + curves[above] * share).astype(np.float32)
