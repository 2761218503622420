"""The words of an English text as a pronouncing dictionary knows them, and simple words it does not know."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

Lookup = Callable[[str], str | None]
"""Word -> its ARPAbet phones separated by spaces, or None."""

_VOICELESS = frozenset({"P", "T", "K", "F", "TH"})
_SIBILANT = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})

_ENDINGS = {"'s": "", "s'": "", "es": "", "s": "", "ed": "", "ing": "IH NG", "ly": "L IY", "ness": "N AH S", "er": "ER"}
"""Spelt ending -> its phones; "" where they depend on the sound before."""

_SHORTEST_PART = 3


def words(text: str) -> list[str]:
    """Lower-case words of `text` without punctuation and accents; apostrophes inside words stay.

    Words with digits stay as they are: how they were read aloud, nobody knows.
    """
    plain = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))  # noqa: RUF001
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    found = (word.strip("'") for word in re.findall(r"[^\W_]+(?:'[^\W_]+)*'?", plain))
    return [word for word in found if word]


def derive(word: str, lookup: Lookup) -> str | None:
    """Phones of a word that the dictionary lacks but whose parts it has: fisherman's, harpists, plumcake."""
    return _inflected(word, lookup) or _compound(word, lookup)


def _inflected(word: str, lookup: Lookup) -> str | None:
    for ending, sounds in _ENDINGS.items():
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _SHORTEST_PART:
            continue
        phones = lookup(stem) or (lookup(stem + "e") if ending[0] in "ei" else None)
        if phones:
            return f"{phones} {sounds or _ending_sound(phones.split()[-1], ending)}"
    return None


def _ending_sound(last: str, ending: str) -> str:
    """English -s and -ed by the sound before them: harps, ribs, fishes; jumped, rubbed, waited."""
    if ending == "ed":
        return "IH D" if last in ("T", "D") else "T" if last in _VOICELESS | {"S", "SH", "CH"} else "D"
    return "IH Z" if last in _SIBILANT else "S" if last in _VOICELESS else "Z"


def _compound(word: str, lookup: Lookup) -> str | None:
    """Two known words; the split with the longest shorter part wins, since short ones match by chance."""
    cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
    for cut in sorted(cuts, key=lambda cut: abs(2 * cut - len(word))):
        first, second = lookup(word[:cut]), lookup(word[cut:])
        if first and second:
            return f"{first} {second}"
    return None
