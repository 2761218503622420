"""Speech to measure on: a corpus, or a folder of clips labelled by hand."""

from __future__ import annotations

import csv
from hashlib import sha256
from pathlib import Path

import soundfile

from ..errors import BadInput
from ..speech.corpus import MANIFEST, Clip, Corpus
from ..speech.phones import TimedPhone

PHONES, CLIPS = "phones.csv", "clips.csv"


def open_speech(folder: str | Path) -> Corpus:
    """A corpus, or a folder with `phones.csv` and `clips.csv` beside its sound files.

    phones.csv: path, start, end, phone, release (seconds; release may be empty), in order of time and in facelite's
    inventory.
    clips.csv: path, speaker, language, source, licence. All its clips are held out: their split is "test".

    Raises
    ------
    BadInput
        The folder is neither, or a table lacks a column or holds a time that is no number.
    """
    folder = Path(folder)
    if (folder / MANIFEST).exists() or not (folder / PHONES).exists():
        return Corpus.open(folder)
    phones: dict[str, list[TimedPhone]] = {}
    for row in _rows(folder / PHONES, ("path", "start", "end", "phone", "release")):
        phones.setdefault(row["path"], []).append(_phone(row, folder / PHONES))
    clips = tuple(
        Clip(
            **row,
            split="test",
            seconds=_seconds(folder / row["path"]),
            text="",
            sha256=sha256((folder / row["path"]).read_bytes()).hexdigest(),
            phones=tuple(phones.get(row["path"], ())),
            root=folder,
        )
        for row in _rows(folder / CLIPS, ("path", "speaker", "language", "source", "licence"))
    )
    return Corpus(folder, clips)


def _seconds(file: Path) -> float:
    try:
        return float(soundfile.info(file).duration)
    except (OSError, soundfile.LibsndfileError) as error:
        raise BadInput(file, f"is no sound file ({error})", f"{CLIPS} names it") from None


def _phone(row: dict[str, str], file: Path) -> TimedPhone:
    try:
        release = float(row["release"]) if row["release"] else None
        return TimedPhone(float(row["start"]), float(row["end"]), row["phone"], release)
    except ValueError as error:
        raise BadInput(file, f"a time of {row['path']} is no number ({error})", "give seconds") from None


def _rows(file: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    if not file.is_file():
        raise BadInput(file, "is missing", f"it has the columns {','.join(columns)}")
    with file.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
            raise BadInput(file, f"lacks the column {', '.join(missing)}", f"its header names {','.join(columns)}")
        return [{name: row[name] or "" for name in columns} for row in reader]
