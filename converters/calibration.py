"""The audio that int8 ranges are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from facelite import companding, data
from facelite.errors import BadInput
from facelite.speech import audio
from numpy.typing import NDArray

LEVELS_DB = (0.0, -20.0, -40.0)
"""Gains at which every clip is heard: a player's microphone is seldom at full level."""

WINDOWS = 384
"""Windows that TFLiteConverter is calibrated with: twice as many gain nothing, half as many lose 1 to 2 dB of SNR."""

_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif")


def packaged(sample_rate: int) -> list[NDArray[np.float32]]:
    """The recordings that come with facelite, float32 [samples]."""
    return [audio.read(clip.path, sample_rate) for clip in data.clips()]


def sound_files(folder: str | Path) -> list[Path]:
    """Every sound file of a folder and of those below it, in order of name.

    Raises
    ------
    BadInput
        There is none.
    """
    folder = Path(folder)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not files:
        raise BadInput(folder, "holds no sound files", f"give a folder of {', '.join(_SUFFIXES)}")
    return files


def from_folder(folder: str | Path, sample_rate: int) -> list[NDArray[np.float32]]:
    """The sound files of a folder, float32 [samples]; raises BadInput when there is none or one is unreadable."""
    return [audio.read(path, sample_rate) for path in sound_files(folder)]


def utterances(clips: Sequence[NDArray[np.float32]], window: int, curve: companding.Curve) -> list[NDArray[np.float32]]:
    """Companded audio, float32 [samples], all clips at each level, a window of silence before and after them.

    For what runs over a whole utterance at once, as the NumPy oracle does.

    Parameters
    ----------
    curve
        That the student hears by (facelite.companding).

    Raises
    ------
    BadInput
        There is no sound at all.
    """
    joined = utterance(clips, window)
    return [_companded(joined, level, curve) for level in LEVELS_DB]


def utterance(clips: Sequence[NDArray[np.float32]], window: int) -> NDArray[np.float32]:
    """What `utterances` plays at each level: all clips one after the other, silence between and around them."""
    return np.pad(_joined(clips, window), window // 2)


def windows(
    clips: Sequence[NDArray[np.float32]], window: int, curve: companding.Curve, count: int = WINDOWS
) -> list[NDArray[np.float32]]:
    """Companded windows, float32 [window], spread evenly over the clips at every level.

    Clips are joined with half a window of silence between them, so that beginnings and ends are heard too.

    Raises
    ------
    BadInput
        There is no sound at all.
    """
    joined = _joined(clips, window)
    starts = np.linspace(0, max(0, len(joined) - window), max(1, count // len(LEVELS_DB)), dtype=int)
    heard = []
    for level in LEVELS_DB:
        companded = _companded(joined, level, curve)
        padded = np.concatenate([companded, np.zeros(max(0, window - len(companded)), np.float32)])
        heard += [padded[start : start + window] for start in starts]
    return heard


def _joined(clips: Sequence[NDArray[np.float32]], window: int) -> NDArray[np.float32]:
    if not any(np.any(clip) for clip in clips):
        raise BadInput("calibration", "there is no sound in it", "give speech")
    gap = np.zeros(window // 2, np.float32)
    return np.concatenate([part for clip in clips for part in (gap, clip)] + [gap])


def _companded(audio: NDArray[np.float32], level: float, curve: companding.Curve) -> NDArray[np.float32]:
    return companding.decode(companding.codes(audio * np.float32(10 ** (level / 20)), curve))
