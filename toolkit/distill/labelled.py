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
            The folder holds no finished set.
        """
        folder = Path(folder)
        try:
            index = json.loads((folder / INDEX).read_text("utf-8"))
        except OSError:
            raise BadInput(folder, "holds no labelled set", "label a corpus into it first") from None
        controls = tuple(index["controls"])
        entries = tuple(_entry(record) for record in index["entries"])
        audio = np.memmap(folder / AUDIO, np.int16, "r")
        curves = np.memmap(folder / CURVES, np.float16, "r").reshape(-1, len(controls))
        return cls(audio, curves, controls, index["hop"], entries)

    def clip_audio(self, entry: Entry) -> NDArray[np.float32]:
        """float32 [frames * hop], -1..1."""
        first = entry.frame * self.hop
        return self.audio[first : first + entry.frames * self.hop].astype(np.float32) / np.float32(32768)

    def clip_curves(self, entry: Entry) -> NDArray[np.float32]:
        """float32 [frames, controls]."""
        return self.curves[entry.frame : entry.frame + entry.frames].astype(np.float32)


def spread(sets: Sequence[LabelledSet]) -> NDArray[np.float32]:
    """How much each control moves: its standard deviation over the sets, float32 [controls]."""
    return np.sqrt(np.mean([_sample(labelled).var(0) for labelled in sets], axis=0))


def _sample(labelled: LabelledSet) -> NDArray[np.float32]:
    """About 200,000 frames, evenly drawn."""
    return labelled.curves[:: max(len(labelled.curves) // 200_000, 1)].astype(np.float32)


def _entry(record: dict[str, Any]) -> Entry:
    """JSON knows no tuples."""
    spans = {name: tuple((start, end) for start, end in record[name]) for name in ("closures", "speech")}
    return Entry(**record | spans)
