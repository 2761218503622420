"""The one phone inventory of facelite's corpora, and the translation of other alphabets into it.

The inventory is ARPAbet without stress (39 phones, as in the CMU Pronouncing Dictionary) and silence, plus the
few sounds of other languages whose *lip shape* no ARPAbet phone has.
"""

# ruff: noqa: RUF001 (letters of the phonetic alphabet are meant)

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..teachers.protocol import Phone

SILENCE = "SIL"

VOWELS: tuple[str, ...] = (
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
    "UX", "OE", "IX",
)  # fmt: skip
"""UX: close front rounded (y, ʏ, ʉ). OE: mid front rounded (ø, œ). IX: close central unrounded (ɨ, ɯ)."""

CONSONANTS: tuple[str, ...] = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH", "V", "W",
    "Y", "Z", "ZH", "X", "BH",
)  # fmt: skip
"""X: velar or uvular fricative (x, χ, ɣ). BH: bilabial fricative or approximant (β, ɸ): lips near, not shut."""

INVENTORY: tuple[str, ...] = (SILENCE, *VOWELS, *CONSONANTS)

STOPS = frozenset({"P", "B", "T", "D", "K", "G", "CH", "JH"})
"""Phones that begin with a closure; their interval starts at the closure, not at the burst."""

NEUTRAL_VOWEL = "AH"
"""What an unknown vowel becomes: lips and jaw near rest."""

NEUTRAL_CONSONANT = "D"
"""What an unknown consonant becomes: made with the tongue, lips free to follow their neighbours."""


@dataclass(frozen=True)
class TimedPhone(Phone):
    """A phone that may also know when its closure opens.

    Attributes
    ----------
    release
        Seconds; for a stop whose release is known, the end of the closure (the burst). None where unknown.
    """

    release: float | None = None


class Alphabet:
    """Translates the symbols of one source into the inventory, counting what it does not know.

    Parameters
    ----------
    name
        Of the alphabet, for messages.
    table
        Symbol -> phones in order. More than one phone share the symbol's time equally; () means that the symbol
        marks no sound of its own and its time goes to the phone before it.
    fallback
        Unknown symbol -> phones; it must answer for every symbol.
    """

    def __init__(
        self, name: str, table: Mapping[str, tuple[str, ...]], fallback: Callable[[str], tuple[str, ...]]
    ) -> None:
        foreign = {phone for phones in table.values() for phone in phones} - set(INVENTORY)
        if foreign:
            raise ValueError(f"alphabet {name} maps to phones outside the inventory: {sorted(foreign)}")
        self.name = name
        self.unknown: Counter[str] = Counter()
        self._table = dict(table)
        self._fallback = fallback

    def phones(self, symbol: str) -> tuple[str, ...]:
        """The inventory's phones for one symbol; unknown symbols are counted in `unknown`."""
        known = self._table.get(symbol)
        if known is None:
            self.unknown[symbol] += 1
            return self._fallback(symbol)
        return known

    def translate(self, labels: Iterable[Phone]) -> list[TimedPhone]:
        """Labels in this alphabet, in order of time -> phones of the inventory over the same time.

        Adjacent silences are joined. Labels without duration are dropped.
        """
        result: list[TimedPhone] = []
        for label in labels:
            phones = self.phones(label.symbol)
            if not phones and result:
                result[-1] = TimedPhone(result[-1].start, label.end, result[-1].symbol, result[-1].release)
                continue
            step = (label.end - label.start) / max(len(phones), 1)
            for index, phone in enumerate(phones or (SILENCE,)):
                start, end = label.start + index * step, label.start + (index + 1) * step
                _append(result, TimedPhone(start, end, phone, getattr(label, "release", None)))
        return result


def _append(phones: list[TimedPhone], phone: TimedPhone) -> None:
    if phone.end <= phone.start:
        return
    if phones and phones[-1].symbol == phone.symbol == SILENCE:
        phones[-1] = TimedPhone(phones[-1].start, phone.end, SILENCE)
    else:
        phones.append(phone)
