"""Which layout a folder of recordings has, and the source that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import BadInput
from ..licences import TRAINABLE
from ..recording import Source
from . import common_voice, librispeech, plain_folder
from .manifest_folder import ManifestFolder
from .transcribed import UNKNOWN_LANGUAGE, Item, Transcribed, safe_name

LAYOUTS = ("auto", "manifest", "librispeech", "common-voice", "folder")


@dataclass(frozen=True)
class Import:
    """What the user says about a folder; empty where its layout tells.

    Attributes
    ----------
    aligned
        Look for the phones of English text.
    families
        Licences admitted.
    """

    licence: str = ""
    language: str = ""
    speaker: str = ""
    name: str = ""
    aligned: bool = True
    families: Sequence[str] = TRAINABLE


def detect(folder: Path) -> str:
    """The layout of `folder`; a folder that fits no other is "folder".

    Raises
    ------
    BadInput
        It is no folder.
    """
    if not folder.is_dir():
        raise BadInput(folder, "is not a folder", "name a folder of recordings")
    if (folder / "manifest.csv").is_file():
        return "manifest"
    if common_voice.found(folder):
        return "common-voice"
    return "librispeech" if librispeech.found(folder) else "folder"


def open_folder(folder: str | Path, layout: str = "auto", said: Import | None = None) -> Source:
    """The source that reads `folder`.

    Raises
    ------
    BadInput
        No such layout or folder, nothing in it, or it lacks what its layout needs.
    MissingDependency
        There is English text to align and pocketsphinx is not installed.
    """
    folder, said = Path(folder), said or Import()
    if layout not in LAYOUTS:
        raise BadInput("--layout", f"{layout!r} is unknown", f"use one of {', '.join(LAYOUTS)}")
    layout = detect(folder) if layout == "auto" else layout
    if layout == "manifest":
        return ManifestFolder(folder, said.families)
    source, items = _items(folder, layout, said)
    return Transcribed(folder, said.name or source, items, said.aligned, said.families)


def _items(folder: Path, layout: str, said: Import) -> tuple[str, list[Item]]:
    if layout == "librispeech":
        return librispeech.SOURCE, librispeech.items(folder, said.licence)
    if layout == "common-voice":
        return common_voice.SOURCE, common_voice.items(folder, said.licence, said.language)
    name = safe_name(folder.resolve().name)
    return name, plain_folder.items(folder, said.licence, said.language or UNKNOWN_LANGUAGE, said.speaker)
