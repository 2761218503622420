"""Speech to measure on: a corpus, or a folder of clips labelled by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import soundfile

from ..errors import BadInput
from ..speech import tables
from ..speech.corpus import MANIFEST, Clip, Corpus
from ..speech.phones import INVENTORY, TimedPhone

PHONES, CLIPS = "phones.csv", "clips.csv"


def open_speech(folder: str | Path) -> Corpus:
    """A corpus, or a folder with `phones.csv` and `clips.csv` beside its sound files.

    phones.csv: path, start, end, phone, release (seconds; release may be empty), in order of time and in facelite's
    inventory; a release lies within its phone.
    clips.csv: path, speaker, language, source, licence. All its clips are held out: their split is "test".

    Raises
    ------
    BadInput
        The folder is neither, or a table cannot be read, lacks a column, names a clip twice or a phone that is none, or
        holds a time that cannot be.
    """
    folder = Path(folder)
    if (folder / MANIFEST).exists() or not (folder / PHONES).exists():
        return Corpus.open(folder)
    phones: dict[str, list[TimedPhone]] = {}
    for row in tables.read(folder / PHONES, ("path", "start", "end", "phone", "release")):
        phones.setdefault(row["path"], []).append(_phone(row))
    clips = tuple(
        Clip(
            **row.cells,
            split="test",
            seconds=_seconds(folder / row["path"]),
            text="",
            sha256=sha256((folder / row["path"]).read_bytes()).hexdigest(),
            phones=tuple(phones.get(row["path"], ())),
            root=folder,
        )
        for row in _distinct(tables.read(folder / CLIPS, ("path", "speaker", "language", "source", "licence")))
    )
    return Corpus(folder, clips)


def _seconds(file: Path) -> float:
    try:
        return float(soundfile.info(file).duration)
    except (OSError, soundfile.LibsndfileError) as error:
        raise BadInput(file, f"is no sound file ({error})", f"{CLIPS} names it") from None


def _distinct(rows: Iterable[tables.Line]) -> Iterator[tables.Line]:
    """A clip that stands there twice would be counted twice."""
    seen: set[str] = set()
    for row in rows:
        if row["path"] in seen:
            raise row.fault(f"the clip {row['path']!r} is listed a second time", "list each clip once")
        seen.add(row["path"])
        yield row


def _phone(row: tables.Line) -> TimedPhone:
    start, end = row.span()
    release = row.value("release") if row["release"] else None
    if release is not None and not start <= release <= end:
        raise row.fault(f"release {release:g} s lies outside its phone", f"give one from {start:g} to {end:g} s")
    if row["phone"] not in INVENTORY:
        raise row.fault(f"{row['phone']!r} is no phone", f"use {', '.join(sorted(INVENTORY))}")
    return TimedPhone(start, end, row["phone"], release)
