"""LibriSpeech's layout: [SUBSET/]SPEAKER/CHAPTER/SPEAKER-CHAPTER-0000.flac beside SPEAKER-CHAPTER.trans.txt.

SPEAKERS.TXT, where there is one, tells a speaker's subset where no folder does. Subsets dev-* are validation and
test-* are test, as everywhere in the literature; speakers of train-* follow the rule of `splits`.
"""

from __future__ import annotations

import re
from pathlib import Path

from ...errors import BadInput
from ..splits import held_out_speakers, split_of
from .transcribed import SUFFIXES, Item

SOURCE = "librispeech"
LICENCE = "CC-BY-4.0"
LANGUAGE = "en"

_SUBSET = re.compile(r"(train|dev|test)-[a-z]+(-\d+)?")
_SPLITS = {"dev": "valid", "test": "test"}


def found(folder: Path) -> bool:
    """Whether `folder` looks like this layout."""
    return next(folder.rglob("*.trans.txt"), None) is not None


def items(folder: Path, licence: str = "") -> list[Item]:
    """Every line of every transcript.

    Raises
    ------
    BadInput
        A line has no text, or is not UTF-8.
    """
    subsets = _subsets(folder)
    result: list[Item] = []
    for transcript in sorted(folder.rglob("*.trans.txt")):
        chapter = transcript.parent
        audio = {path.stem: path for path in sorted(chapter.iterdir()) if path.suffix.lower() in SUFFIXES}
        for name, text in _lines(transcript):
            number = name.split("-")[0]
            subset = _subset_of(chapter.relative_to(folder), folder) or subsets.get(number, "")
            path = audio.get(name, chapter / f"{name}.flac")
            clip = (chapter.relative_to(folder) / name).as_posix()
            speaker = f"libri_{number}"
            result.append(
                Item(
                    path.relative_to(folder).as_posix(),
                    clip,
                    speaker,
                    LANGUAGE,
                    text,
                    licence or LICENCE,
                    _split(subset, speaker),
                )
            )
    return result


def _split(subset: str, speaker: str) -> str:
    if speaker in held_out_speakers():
        return "test"
    return _SPLITS.get(subset.split("-")[0]) or split_of(SOURCE, speaker)


def _subset_of(chapter: Path, folder: Path) -> str:
    names = [part for part in (*chapter.parts, folder.resolve().name) if _SUBSET.fullmatch(part)]
    return names[0] if names else ""


def _subsets(folder: Path) -> dict[str, str]:
    """Speaker -> subset, from SPEAKERS.TXT ("14 | F | train-clean-360 | 25.03 | Name") here or one folder up."""
    for path in (folder / "SPEAKERS.TXT", folder.parent / "SPEAKERS.TXT"):
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            rows = ([field.strip() for field in line.split("|")] for line in lines if not line.startswith(";"))
            return {row[0]: row[2] for row in rows if len(row) > 2}
    return {}


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(path, f"is not UTF-8 text ({error.reason})", "write it again as UTF-8") from None
    pairs = []
    for line in lines:
        name, _, text = line.strip().partition(" ")
        if name and not text.strip():
            raise BadInput(path, f"line {line!r} has no text", "give NAME TEXT on each line")
        if name:
            pairs.append((name, text.strip()))
    return pairs
