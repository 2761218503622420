"""What a mouth does when nobody speaks: silence, noise and music, made here, and a corpus's noise recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..speech.audio import SAMPLE_RATE
from ..speech.corpus import Clip
from ..teachers.protocol import Phone
from .references import NOISE
from .subjects import Subject

OPEN = 0.05
"""jawOpen above which a mouth visibly moves: one twentieth of its range."""

LEVEL_DB = -20.0
"""Root mean square of noise and music, in dB of full scale: as loud as speech."""

SECONDS = 8.0
JAW = "jawOpen"


@dataclass(frozen=True)
class Rest:
    """How far a mouth is from rest where nobody speaks.

    Attributes
    ----------
    frames
        Looked at.
    open_share
        Share of frames with jawOpen above `OPEN`.
    mean_jaw
        Mean of jawOpen.
    """

    frames: int
    open_share: float
    mean_jaw: float


def resting(subject: Subject, noise: Iterable[Clip] = ()) -> dict[str, Rest]:
    """`subject`'s mouth on each kind of sound; empty when it has no jawOpen.

    Parameters
    ----------
    noise
        Recordings; those whose source is not "noise" are passed over.
    """
    if JAW not in subject.controls:
        return {}
    jaw: dict[str, list[NDArray[np.float32]]] = {}
    for kind, pcm in _sounds(noise):
        silent = (Phone(0.0, len(pcm) / SAMPLE_RATE, "SIL"),)
        curves = subject.deliver(subject.unsmoothed(pcm, silent))
        jaw.setdefault(kind, []).append(curves[:, subject.controls.index(JAW)])
    joined = {kind: np.concatenate(parts) for kind, parts in jaw.items()}
    return {
        kind: Rest(len(values), float((values > OPEN).mean()), float(values.mean())) for kind, values in joined.items()
    }


@cache
def stimuli() -> dict[str, NDArray[np.float32]]:
    """The sounds made here, float32 [samples] at 16 kHz, always the same; not to be written to."""
    from ..speech.augment import coloured_noise

    samples = round(SECONDS * SAMPLE_RATE)
    level = np.float32(10 ** (LEVEL_DB / 20))
    made = {
        f"{colour} noise": level * coloured_noise(samples, np.random.default_rng(0), colour)
        for colour in ("white", "pink", "brown")
    }
    music = _music(samples)
    return {"silence": np.zeros(samples, np.float32), **made, "music": music * level / np.sqrt(np.mean(music**2))}


def _sounds(noise: Iterable[Clip]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    yield from stimuli().items()
    for clip in noise:
        if clip.source == NOISE:
            yield "recorded noise", clip.audio()


def _music(samples: int) -> NDArray[np.float32]:
    """Plucked chords, two a second: I, vi, IV, V of C major."""
    chords = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))  # MIDI notes
    notes = {note: _pluck(440 * 2 ** ((note - 69) / 12)) for chord in chords for note in chord}
    beat = SAMPLE_RATE // 2
    longest = len(next(iter(notes.values())))
    music = np.zeros(samples + longest)
    for index, start in enumerate(range(0, samples, beat)):
        for note in chords[index // 4 % len(chords)]:
            music[start : start + longest] += notes[note]
    return music[:samples].astype(np.float32)


def _pluck(pitch: float) -> NDArray[np.float64]:
    """Eight harmonics that fall off as 1/n, 5 ms to rise, 0.4 s to fall to 1/e."""
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    tone = sum(np.sin(2 * np.pi * harmonic * pitch * time) / harmonic for harmonic in range(1, 9))
    return tone * np.exp(-time / 0.4) * np.minimum(time / 0.005, 1)
