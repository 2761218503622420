"""Human recordings that come with facelite: for calibration, for the demo, and as an example of phone timings.

Their speakers are listed in `held_out_speakers.txt`, and no corpus trains on them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..teachers.protocol import Phone

DEMO = "vctk_p226_003"
"""Name of the clip shown first: nine closures of p, b and m with open vowels between them, in 7 seconds."""

_FOLDER = Path(__file__).parent / "clips"


@dataclass(frozen=True)
class ClipFile:
    """One packaged recording.

    Attributes
    ----------
    name
        Stem of its files.
    path
        The FLAC file, 16 kHz mono.
    text
        What is said.
    phones
        Forced alignment on a 10 ms grid, ARPAbet; a stop starts with its closure.
    voice
        "female" or "male".
    speaker, language, licence
        As in a corpus manifest; `clips/README.md` has the attributions.
    """

    name: str
    path: Path
    text: str
    phones: tuple[Phone, ...]
    voice: str
    speaker: str
    language: str
    licence: str


@cache
def clips() -> tuple[ClipFile, ...]:
    """All packaged recordings, 46 s by 11 speakers, in order of name."""
    with (_FOLDER / "clips.csv").open(newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["name"])
    return tuple(ClipFile(path=_FOLDER / f"{row['name']}.flac", phones=_phones(row["name"]), **row) for row in rows)


def demo_clip() -> ClipFile:
    """The recording that demonstrates lips: clear p, b and m between open vowels."""
    return next(clip for clip in clips() if clip.name == DEMO)


def _phones(name: str) -> tuple[Phone, ...]:
    with (_FOLDER / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return tuple(Phone(float(row["start"]), float(row["end"]), row["phone"]) for row in csv.DictReader(file))
