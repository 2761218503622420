"""A folder of recordings, each with its text in a file of the same name if there is one.

The speaker is the first folder below, or the one that the user names. Files directly in the folder without a named
speaker belong to "NAME_unknown", who stands for many people and is only ever trained on.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from ...errors import BadInput
from .transcribed import SUFFIXES, Item, safe_name

TEXTS = (".txt", ".normalized.txt")
"""Suffixes of a transcript; the second is LibriTTS's."""


def items(folder: Path, licence: str, language: str, speaker: str = "") -> list[Item]:
    """Every sound file in `folder` and below.

    Raises
    ------
    BadInput
        No licence was given, or a transcript is not UTF-8.
    """
    if not licence:
        raise BadInput(folder, "has no licence of its own", "say it, for example: --licence CC0-1.0")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return [_item(folder, path, licence, language, speaker) for path in paths]


def _item(folder: Path, path: Path, licence: str, language: str, speaker: str) -> Item:
    relative = PurePosixPath(path.relative_to(folder).as_posix())
    owner = relative.parts[0] if len(relative.parts) > 1 else f"{folder.resolve().name}_unknown"
    name = "/".join(safe_name(part) for part in relative.with_suffix("").parts)
    return Item(str(relative), name, safe_name(speaker or owner), language, _text(path), licence)


def _text(path: Path) -> str:
    for suffix in TEXTS:
        file = path.with_suffix(suffix)
        if file.is_file():
            try:
                return " ".join(file.read_text(encoding="utf-8-sig").split())
            except UnicodeDecodeError as error:
                raise BadInput(file, f"is not UTF-8 text ({error.reason})", "write it again as UTF-8") from None
    return ""
