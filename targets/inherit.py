"""Profiles that extend others: which files a profile is made of, and which of them says what."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facelite.errors import BadInput

from .locate import line_of

OWN = ("name", "title", "extends")
"""Keys that a profile says for itself and never inherits."""


@dataclass(frozen=True)
class Source:
    """One profile file as it was written."""

    path: Path
    text: str
    document: dict[str, Any]

    def holds(self, keys: Sequence[str]) -> bool:
        """Whether the file itself has something at `keys`."""
        here: Any = self.document
        for key in keys:
            if not isinstance(here, dict) or key not in here:
                return False
            here = here[key]
        return True

    def place(self, keys: Sequence[str]) -> str:
        """'FILE, line N' of `keys`, or the file alone."""
        line = line_of(self.text, keys)
        return f"{self.path}, line {line}" if line else str(self.path)


def read(path: Path) -> Source:
    """One file, unchecked; raises BadInput when it is not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        return Source(path, text, tomllib.loads(text))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(path, f"cannot be read as a target profile: {error}") from error


def chain(path: Path, find: Callable[[str], Path]) -> tuple[Source, ...]:
    """The file, what it extends, what that extends …; `find` turns a shipped profile's name into its path.

    Raises
    ------
    BadInput
        A file cannot be read, `extends` is no text or names no profile, or files extend each other in a circle.
    """
    sources = [read(path)]
    while "extends" in sources[-1].document:
        parent = _parent(sources[-1], find)
        seen = [source.path.resolve() for source in sources]
        if parent.resolve() in seen:
            circle = [*(source.path.name for source in sources[seen.index(parent.resolve()) :]), parent.name]
            raise BadInput(sources[-1].place(["extends"]), f"extends in a circle: {' -> '.join(circle)}")
        sources.append(read(parent))
    return tuple(sources)


def _parent(source: Source, find: Callable[[str], Path]) -> Path:
    wanted = source.document["extends"]
    if not isinstance(wanted, str) or not wanted:
        raise BadInput(source.place(["extends"]), "extends must be a profile's name or a path that ends in .toml")
    parent = source.path.parent / wanted if wanted.endswith(".toml") else None
    if parent is not None and parent.is_file():
        return parent
    try:
        if parent is None:
            return find(wanted)
    except BadInput as error:
        raise BadInput(source.place(["extends"]), str(error)) from None
    raise BadInput(source.place(["extends"]), f"extends {wanted!r}: no such file", "the path counts from this file")


def merge(sources: Sequence[Source]) -> dict[str, Any]:
    """One document of a chain: tables key by key, the nearest file's figure whole.

    A figure is never mixed from two files: a new number needs a source of its own.
    """
    merged: dict[str, Any] = {}
    for distance, source in reversed(list(enumerate(sources))):
        for key, value in source.document.items():
            if distance and key in OWN:
                continue
            both_tables = isinstance(value, dict) and isinstance(merged.get(key), dict)
            merged[key] = {**merged[key], **value} if both_tables else value
    return merged


def owner(sources: Sequence[Source], keys: Sequence[str]) -> Source:
    """The file that says what stands at `keys`: the nearest one with that figure, else with that table."""
    if keys and keys[0] in OWN:
        return sources[0]
    for depth in (2, 1):
        for source in sources:
            if len(keys) >= depth and source.holds(keys[:depth]):
                return source
    return sources[0]
