"""Recordings in files, with or without the text that is said in them: what the layouts of corpora come down to."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import BadInput
from .. import align, alphabets, audio, licences, pieces
from ..phones import TimedPhone
from ..recording import Dropped, Given, Recording
from ..splits import RULE, split_of

SUFFIXES = frozenset({".flac", ".wav", ".ogg", ".opus", ".mp3", ".aif", ".aiff"})
"""Of the files that count as recordings."""

UNKNOWN_LANGUAGE = "und"
"""ISO 639-2's code for a language that nobody named."""


@dataclass(frozen=True)
class Item:
    """One file. `name` becomes the clip's; `split` may be "", which leaves it to the rule by speaker."""

    path: str
    name: str
    speaker: str
    language: str
    text: str
    licence: str
    split: str = ""


class Transcribed:
    """The recordings that a layout found, in order of name.

    Parameters
    ----------
    folder
        That the items' paths are relative to.
    source
        Name of the corpus; a folder in the one that is built.
    aligned
        Look for the phones of English text (needs pocketsphinx).
    families
        Licences admitted, see `licences.admitted`; files under others are dropped and counted.

    Raises
    ------
    BadInput
        There are no items, or two of one name.
    MissingDependency
        `aligned`, and pocketsphinx is not installed.
    """

    def __init__(
        self, folder: Path, source: str, items: Sequence[Item], aligned: bool, families: Sequence[str]
    ) -> None:
        if not items:
            raise BadInput(folder, "holds no recordings in this layout", "see docs/speech.md for the layouts")
        self._folder, self._source, self._families = folder, source, tuple(families)
        self._items = sorted(items, key=lambda item: item.name)
        self._aligned = aligned and any(item.text and item.language == align.LANGUAGE for item in items)
        refuse_doubles(folder, [(item.name, item.path) for item in self._items])
        self.name = f"import-{source}"
        self.count = len(self._items)
        self.settings: Mapping[str, Any] = {
            "licences": sorted(self._families),
            "items": _digest(self._items),
            "pocketsphinx": align.version() if self._aligned else "",
            "splits": RULE,
            "version": 1,
        }

    def recording(self, index: int) -> Given:
        """File number `index` in order of name: one clip, or several where it is longer than 30 s."""
        item = self._items[index]
        if not licences.admitted(item.licence, self._families):
            return Dropped(f"licence {item.licence}")
        samples = audio.read(self._folder / item.path)
        alignment, why = self._align(item, samples)
        phones = alphabets.arpabet().translate(alignment.phones) if alignment else []
        whole = Recording(
            name=item.name,
            audio=samples,
            phones=phones,
            speaker=item.speaker,
            language=item.language,
            source=self._source,
            licence=item.licence,
            split=item.split or split_of(self._source, item.speaker),
            text=item.text,
            unlabelled=why,
        )
        cuts = pieces.cuts(samples, phones)
        return _divide(whole, cuts, alignment.words if alignment else ()) if cuts else whole

    def _align(self, item: Item, samples: NDArray[np.float32]) -> tuple[align.Alignment | None, str]:
        if not item.text:
            return None, "no transcript"
        if item.language != align.LANGUAGE:
            return None, f"language {item.language}: only {align.LANGUAGE} is aligned"
        if not self._aligned:
            return None, "alignment switched off"
        try:
            return align.aligner().align(samples, item.text), ""
        except align.Unalignable as reason:
            return None, str(reason)


def safe_name(text: str) -> str:
    """`text` as part of a path or a speaker's name: letters, digits, '-', '.', '_' stay, the rest becomes '_'."""
    return "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in text)


def _divide(whole: Recording, cuts: Sequence[float], words: Sequence[align.Word]) -> list[Recording]:
    """Pieces named …_00, …_01; each keeps the words said in it, or none where nobody knows which."""
    times = [0.0, *cuts, len(whole.audio) / audio.SAMPLE_RATE]
    spans = list(itertools.pairwise(times))
    return [
        replace(
            whole,
            name=f"{whole.name}_{number:02d}",
            audio=whole.audio[round(start * audio.SAMPLE_RATE) : round(end * audio.SAMPLE_RATE)],
            phones=pieces.cut_phones(whole.phones, start, end) if whole.phones else list[TimedPhone](),
            text=" ".join(word.text for word in words if start <= (word.start + word.end) / 2 < end),
        )
        for number, (start, end) in enumerate(spans)
    ]


def refuse_doubles(folder: Path, named: Sequence[tuple[str, str]]) -> None:
    """Refuse recordings, each a clip's name and its path in `folder`, of which two would become one clip."""
    taken: dict[str, str] = {}
    for name, path in named:
        if name in taken:
            raise BadInput(folder / path, f"would have the same name as {taken[name]}", "rename one of them")
        taken[name] = path


def _digest(items: Sequence[Item]) -> str:
    content = hashlib.sha256()
    for item in items:
        content.update(repr(astuple(item)).encode())
    return content.hexdigest()
