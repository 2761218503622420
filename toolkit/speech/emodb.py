"""Reading the hand-made labels of the Berlin database of emotional speech.

A stop is labelled in parts: "p" or "_p" its closure, "!p" its burst, "pasp" the aspiration after it. Lines such as
"-sth" (voiceless), "+lar" (laryngealised), "(gef" (filled) are remarks about the segment before them, which they
continue. A stop may miss any part.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..teachers.protocol import Phone
from . import alphabets
from .phones import Alphabet, TimedPhone

_STOPS = frozenset("pbtdkg")


def alphabet() -> Alphabet:
    """The alphabet of labels that went through `join_closures`."""
    return alphabets.emodb()


def join_closures(labels: Iterable[Phone]) -> list[TimedPhone]:
    """One interval a stop, from the start of its closure to the end of its burst and aspiration.

    Parameters
    ----------
    labels
        Segments in order of time, seconds, in the database's own symbols.

    Returns
    -------
    The same time span; `release` is the start of the burst where there is one, the end of the closure where the
    closure is labelled without a burst, and None where a burst is labelled without a closure.
    """
    joined: list[TimedPhone] = []
    for label in labels:
        last = joined[-1] if joined else None
        part, stop = _part(label.symbol)
        continues = last is not None and (part == "remark" or (part in ("burst", "tail") and last.symbol == stop))
        if last is not None and continues:
            # a closure's release stays open (its end) until the burst fixes it; remarks inside it prolong it
            held = part == "remark" and last.release == last.end
            release = label.end if held else label.start if part == "burst" and _is_open(last) else last.release
            joined[-1] = TimedPhone(last.start, label.end, last.symbol, release)
        elif part == "remark":
            continue
        else:
            release = label.end if part == "closure" and stop in _STOPS else None
            joined.append(TimedPhone(label.start, label.end, stop, release))
    return joined


def _is_open(phone: TimedPhone) -> bool:
    return phone.release == phone.end


def _part(symbol: str) -> tuple[str, str]:
    """(closure, burst, tail, remark or sound; the plain symbol) of one label."""
    plain = symbol.split("+")[0].split("-")[0]  # "d+nas", "tasp+sth": a segment and a remark in one
    if not plain or plain.startswith(("(gef", "[")) or plain == "hoe":
        return "remark", ""
    if plain.startswith("!"):
        return ("burst", plain[1:]) if len(plain) > 1 else ("remark", "")
    if plain.startswith("_"):
        return "closure", plain[1:]
    if plain.endswith("asp"):
        return "tail", plain[0]
    return ("closure" if plain in _STOPS else "sound"), plain
