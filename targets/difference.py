"""Where two target profiles differ, figure by figure."""

from __future__ import annotations

from dataclasses import dataclass

from .schema import CrowdShare, Figure, Profile, Statement

SECTIONS = ("cpu", "memory", "limits")


@dataclass(frozen=True)
class Difference:
    """One figure that two profiles do not share; None where a profile says nothing.

    `ratio` is second / first of two numbers.
    """

    key: str
    first: str | None
    second: str | None
    ratio: float | None


def differences(first: Profile, second: Profile) -> tuple[Difference, ...]:
    """The figures in which two profiles differ in value, in the order of the schema. 1 MiB equals 1024 KiB."""
    found = [Difference("arch", first.arch, second.arch, None)] if first.arch != second.arch else []
    for section in SECTIONS:
        mine, other = getattr(first, section), getattr(second, section)
        for key in type(mine).model_fields:
            a, b = getattr(mine, key), getattr(other, key)
            if _worth(a) != _worth(b):
                ratio = b.base / a.base if isinstance(a, Figure) and isinstance(b, Figure) else None
                found.append(Difference(f"{section}.{key}", _text(a), _text(b), ratio))
    return tuple(found)


def _worth(entry: Figure | Statement | None) -> object:
    if isinstance(entry, Figure):
        return entry.base, entry.count if isinstance(entry, CrowdShare) else 1
    return entry.value if entry is not None else None


def _text(entry: Figure | Statement | None) -> str | None:
    return None if entry is None else entry.text
