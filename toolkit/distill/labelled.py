"""A corpus with a teacher's curves, laid out for training: one long waveform, one long table of curves.

Clips stand end to end, each padded to a whole number of frames, so that frame ``f`` of the table stands at sample
``f * hop`` of the waveform and a crop is two slices of memory-mapped files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput

INDEX, AUDIO, CURVES = "index.json", "audio.i16", "curves.f16"

VALIDATION_CLIPS = 150
SHORTEST_CLIP = 41
"""Frames, 0.66 s: a clip that is validated on holds more than one sound."""


@dataclass(frozen=True)
class Entry:
    """One clip inside a labelled set.

    Attributes
    ----------
    frame, frames
        Where it stands, and how long it is.
    labelled
        False for noise, which has no face.
    closures, speech
        Start and end in seconds of each bilabial closure, and of each stretch of speech.
    """

    path: str
    source: str
    speaker: str
    language: str
    split: str
    frame: int
    frames: int
    labelled: bool
    closures: tuple[tuple[float, float], ...]
    speech: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Waveform and curves of many clips.

    Attributes
    ----------
    audio
        int16 [frames * hop] at 16 kHz, memory-mapped.
    curves
        float16 [frames, controls], memory-mapped.
    controls
        One name a column.
    hop
        Samples a frame.
    entries
        In the order in which they stand.
    """

    audio: NDArray[np.int16]
    curves: NDArray[np.float16]
    controls: tuple[str, ...]
    hop: int
    entries: tuple[Entry, ...]

    @classmethod
    def open(cls, folder: str | Path) -> LabelledSet:
        """Map a set written by `layout.lay_out`.

        Raises
        ------
        BadInput
            The folder holds no finished set, or a damaged one.
        """
        folder = Path(folder)
        try:
            index = json.loads((folder / INDEX).read_text("utf-8"))
        except OSError:
            raise BadInput(folder, "holds no labelled set", "label a corpus into it first") from None
        except ValueError as error:
            raise _damaged(folder, error) from None
        try:
            controls = tuple(index["controls"])
            entries = tuple(_entry(record) for record in index["entries"])
            audio = np.memmap(folder / AUDIO, np.int16, "r")
            curves = np.memmap(folder / CURVES, np.float16, "r").reshape(-1, len(controls))
            return cls(audio, curves, controls, index["hop"], entries)
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise _damaged(folder, error) from None

    def clip_audio(self, entry: Entry) -> NDArray[np.float32]:
        """float32 [frames * hop], -1..1."""
        first = entry.frame * self.hop
        return self.audio[first : first + entry.frames * self.hop].astype(np.float32) / np.float32(32768)

    def clip_curves(self, entry: Entry) -> NDArray[np.float32]:
        """float32 [frames, controls]."""
        return self.curves[entry.frame : entry.frame + entry.frames].astype(np.float32)


def validation_sample(labelled: LabelledSet, folder: Path) -> list[Entry]:
    """Up to `VALIDATION_CLIPS` of its validation speakers' labelled clips, drawn once for all runs.

    Parameters
    ----------
    folder
        Where the set lies, for the message.

    Raises
    ------
    BadInput
        It holds none that is long enough.
    """
    spoken = [entry for entry in labelled.entries if entry.split == "valid" and entry.labelled]
    entries = [entry for entry in spoken if entry.frames >= SHORTEST_CLIP]
    if not entries:
        problem = f"has no clip of a validation speaker with {SHORTEST_CLIP} frames or more"
        raise BadInput(folder, problem, "label a larger corpus")
    chosen = np.random.default_rng(0).permutation(len(entries))[:VALIDATION_CLIPS]
    return [entries[index] for index in sorted(chosen)]


def spread(sets: Sequence[LabelledSet]) -> NDArray[np.float32]:
    """How much each control moves: its standard deviation over the sets, float32 [controls]."""
    return np.sqrt(np.mean([_sample(labelled).var(0) for labelled in sets], axis=0))


def _sample(labelled: LabelledSet) -> NDArray[np.float32]:
    """About 200,000 frames, evenly drawn."""
    return labelled.curves[:: max(len(labelled.curves) // 200_000, 1)].astype(np.float32)


def _damaged(folder: Path, error: Exception) -> BadInput:
    return BadInput(folder, f"is damaged ({error})", "remove it, it is laid out again")


def _entry(record: dict[str, Any]) -> Entry:
    """JSON knows no tuples."""
    spans = {name: tuple((start, end) for start, end in record[name]) for name in ("closures", "speech")}
    return Entry(**record | spans)
