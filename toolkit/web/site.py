"""Writes the web page: one static folder that any web server can hold, and that fetches nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from .. import data
from ..atomic import replacing, write_bytes, write_text
from ..errors import BadInput
from ..export import glb
from ..face import viewer
from ..idle import check_lively, load_gate
from ..speech import audio
from ..student import BLOB_NAME, load
from . import kernel
from .spoken import speak

_STATIC = Path(__file__).parent / "static"

SOUNDS = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"}
"""Suffixes that browsers play."""


def build(
    folder: str | Path,
    student: str | Path,
    mesh: str | Path | None = None,
    sounds: Sequence[str | Path] | None = None,
    texts: Sequence[str] | None = None,
    gate: bool = True,
    idle: bool = False,
) -> Path:
    """Write the page into `folder`, over an earlier one; returns index.html.

    Parameters
    ----------
    student
        A bundle or a .facelite file.
    mesh
        A .glb whose morph targets bear ARKit's names, instead of facelite's head.
    sounds
        Recordings that the page offers; by default, where there are no texts either, the packaged sentences.
    texts
        English text that the page offers, spoken by flite.
    gate, idle
        How the page's switches stand at first: rest while nobody speaks; blinks, looks and brows.

    Raises
    ------
    BadInput
        The student, the mesh or a sound cannot be used.
    FaceliteError
        The kernel cannot be compiled for the web.
    """
    folder = Path(folder)
    loaded = load(student)
    if idle:
        check_lively(loaded)
    clips = [_sound(Path(path)) for path in sounds or ()] if sounds or texts else _packaged()
    head = glb.head_bytes() if mesh is None else glb.for_viewer(mesh, loaded.controls)
    folder.mkdir(parents=True, exist_ok=True)
    kernel.build(folder)
    viewer.copy(folder)
    for file in sorted(_STATIC.iterdir()):
        write_bytes(folder / file.name, file.read_bytes())
    write_bytes(folder / BLOB_NAME, loaded.blob)
    write_bytes(folder / "gate.facelite", load_gate().blob)
    write_bytes(folder / "head.glb", head)
    offered = [{"file": _copied(folder, index, path), "text": text} for index, (path, text) in enumerate(clips)]
    offered += [{"file": _spoken(folder, index, text), "text": text} for index, text in enumerate(texts or ())]
    _remove_others(folder, {clip["file"] for clip in offered})
    site = {"student": Path(student).resolve().name, "gate": gate, "idle": idle, "clips": offered}
    write_text(folder / "site.json", json.dumps(site, indent=2) + "\n")
    return folder / "index.html"


def weight(folder: str | Path) -> int:
    """Bytes of all files of a page but its sounds."""
    return sum(file.stat().st_size for file in Path(folder).iterdir() if file.suffix not in SOUNDS)


def _remove_others(folder: Path, offered: set[str]) -> None:
    """Sounds of an earlier page must not be published with this one."""
    for pattern in ("sound-*", "spoken-*"):
        for file in folder.glob(pattern):
            if file.name not in offered:
                file.unlink()


def _copied(folder: Path, index: int, sound: Path) -> str:
    """Numbered: two may have one name, and not every name is an address."""
    name = f"sound-{index}{sound.suffix.lower()}"
    write_bytes(folder / name, sound.read_bytes())
    return name


def _spoken(folder: Path, index: int, text: str) -> str:
    name = f"spoken-{index}.wav"
    with replacing(folder / name) as temporary:
        speak(text, temporary)
    return name


def _packaged() -> list[tuple[Path, str]]:
    return [(clip.path, clip.text) for clip in data.clips() if clip.speaker[:3] != "an4"]  # those spell letters


def _sound(path: Path) -> tuple[Path, str]:
    if not path.is_file():
        raise BadInput(path, "no such file", "give a recording")
    if path.suffix.lower() not in SOUNDS:
        raise BadInput(path, f"browsers do not play {path.suffix or 'it'}", f"give one of {', '.join(sorted(SOUNDS))}")
    if path.suffix.lower() != ".m4a":  # which libsndfile does not know
        audio.read(path)
    return path, path.stem
