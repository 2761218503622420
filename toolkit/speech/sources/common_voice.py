"""Common Voice's layout: validated.tsv, train.tsv, dev.tsv, test.tsv and clips/*.mp3.

validated.tsv is taken if there is one, else train, dev and test together. A speaker is a client_id. Speakers listed in
dev.tsv are validation and those in test.tsv are test; the others follow the rule of `splits`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ...errors import BadInput
from .. import tables
from ..splits import split_of
from .transcribed import Item, safe_name

SOURCE = "common_voice"
LICENCE = "CC0-1.0"

_LISTS = ("train", "dev", "test")
_COLUMNS = ("client_id", "path", "sentence")
_ID_DIGITS = 16
"""Hexadecimal digits of the client_id (128) that name a speaker."""


def found(folder: Path) -> bool:
    """Whether `folder` looks like this layout."""
    return (folder / "clips").is_dir() and bool(_tables(folder))


def items(folder: Path, licence: str = "", language: str = "") -> list[Item]:
    """Every validated clip.

    Parameters
    ----------
    language
        ISO 639 code; by default the column `locale` without its region, or the folder's name.

    Raises
    ------
    BadInput
        A table is not UTF-8 or lacks a column, or a path leads out of clips/.
    """
    rows = {row["path"]: row for table in _tables(folder) for row in _rows(folder / f"{table}.tsv")}
    splits = _splits(folder)
    return [_item(folder, row, splits, licence or LICENCE, language) for row in rows.values()]


def _item(folder: Path, row: dict[str, str], splits: dict[str, str], licence: str, language: str) -> Item:
    speaker = f"cv_{safe_name(row['client_id'][:_ID_DIGITS])}"
    spoken = language or (row.get("locale") or folder.resolve().name).split("-")[0]
    path = PurePosixPath("clips") / row["path"]
    split = splits.get(row["client_id"]) or split_of(SOURCE, speaker)
    name = f"{safe_name(spoken)}/{safe_name(path.stem)}"
    return Item(str(path), name, speaker, spoken, " ".join(row["sentence"].split()), licence, split)


def _tables(folder: Path) -> list[str]:
    if (folder / "validated.tsv").is_file():
        return ["validated"]
    return [name for name in _LISTS if (folder / f"{name}.tsv").is_file()]


def _splits(folder: Path) -> dict[str, str]:
    """client_id -> split, for the speakers whom Common Voice's own lists hold out."""
    named = (("dev", "valid"), ("test", "test"))
    tables = ((folder / f"{table}.tsv", split) for table, split in named)
    return {row["client_id"]: split for path, split in tables if path.is_file() for row in _rows(path)}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with tables.opened(path) as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
            raise BadInput(path, f"lacks the column {', '.join(missing)}", f"its header must name {','.join(_COLUMNS)}")
        for row in reader:
            if not row["path"] or "/" in row["path"] or "\\" in row["path"]:
                raise BadInput(path, f"the path {row['path']!r} is not a file of clips/", "use the published table")
            yield {name: value or "" for name, value in row.items() if name}
