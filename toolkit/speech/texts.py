"""Sentences to synthesise: our own building blocks per language, put together by a seeded generator.

The blocks (`sentences/<language>.toml`) are rich in p, b, m, f and v, and any choice of them makes a sentence.
Invented names add sound sequences that no word list holds.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadInput

_FOLDER = Path(__file__).parent / "sentences"

Blocks = dict[str, Any]
"""One language's lists of building blocks, by name."""

_KINDS = ("clause", "long", "command", "question", "number", "name")
_WEIGHTS = (0.34, 0.22, 0.14, 0.08, 0.12, 0.10)
"""Long sentences train coarticulation, short commands the entry from and return to silence."""


def languages() -> list[str]:
    """The languages that have sentences, as ISO 639-1 codes."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def digest() -> str:
    """Changes when any sentence may change; part of what a build depends on."""
    content = b"".join(path.read_bytes() for path in sorted(_FOLDER.glob("*.toml"))) + Path(__file__).read_bytes()
    return hashlib.sha256(content).hexdigest()[:16]


def sentence(language: str, rng: np.random.Generator) -> str:
    """One sentence in `language`; the same generator state gives the same sentence.

    Raises
    ------
    BadInput
        There are no sentences for `language`.
    """
    blocks = _blocks(language)
    kind = str(rng.choice(_KINDS, p=_WEIGHTS))
    if kind == "command":
        return " ".join(_pick(blocks, "commands", rng) for _ in range(rng.integers(1, 3)))
    if kind == "question":
        return _pick(blocks, "questions", rng)
    if kind == "number":
        return _fill(_pick(blocks, "numbers", rng), blocks, rng)
    if kind == "name":
        return _capitalise(_fill(_clause(blocks, rng, _pick(blocks, "named", rng)), blocks, rng)) + "."
    if kind == "long":
        first = f"{_pick(blocks, 'openers', rng)} {_clause(blocks, rng)}"
        more = (f"{_pick(blocks, 'joiners', rng)} {_clause(blocks, rng)}" for _ in range(rng.integers(1, 3)))
        return _capitalise(", ".join((first, *more))) + "."
    return _capitalise(_clause(blocks, rng)) + "."


def _clause(blocks: Blocks, rng: np.random.Generator, subject: str | None = None) -> str:
    subject = subject or _pick(blocks, "subjects", rng)
    where = [_pick(blocks, name, rng) for name in ("places", "times") if rng.random() < 0.5]
    action = _pick(blocks, "actions", rng)
    verb_last = blocks.get("word_order") == "time first"
    return " ".join([subject, *where, action] if verb_last else [subject, action, *where])


def _fill(template: str, blocks: Blocks, rng: np.random.Generator) -> str:
    while "{name}" in template:
        template = template.replace("{name}", _name(blocks, rng), 1)
    return template.format(n=_number(rng), m=_number(rng), year=rng.integers(1066, 2031))


def _name(blocks: Blocks, rng: np.random.Generator) -> str:
    middles = "".join(
        _pick(blocks, "name_middles", rng) + (_pick(blocks, "name_starts", rng).lower() if more else "")
        for more in range(int(rng.integers(0, 2)), -1, -1)
    )
    return _pick(blocks, "name_starts", rng) + middles + _pick(blocks, "name_ends", rng)


def _number(rng: np.random.Generator) -> int:
    """Short numbers as often as long ones."""
    return int(rng.integers(0, 10 ** rng.integers(1, 5)))


def _pick(blocks: Blocks, name: str, rng: np.random.Generator) -> str:
    choices: Sequence[str] = blocks[name]
    return choices[int(rng.integers(len(choices)))]


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


@cache
def _blocks(language: str) -> Blocks:
    file = _FOLDER / f"{language}.toml"
    if not file.is_file():
        raise BadInput("language", f"there are no sentences for {language!r}", f"use one of {', '.join(languages())}")
    return tomllib.loads(file.read_text(encoding="utf-8"))
