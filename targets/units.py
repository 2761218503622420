"""Units that a profile may write, each with its worth in the unit that validation computes in."""

from __future__ import annotations

BYTES: dict[str, float] = {
    "B": 1,
    "kB": 1e3,
    "KiB": 2**10,
    "MB": 1e6,
    "MiB": 2**20,
    "GB": 1e9,
    "GiB": 2**30,
}
"""Bytes in one of each."""

MILLISECONDS: dict[str, float] = {"us": 1e-3, "ms": 1, "s": 1e3}
"""Milliseconds in one of each."""

GIGAHERTZ: dict[str, float] = {"MHz": 1e-3, "GHz": 1}
"""Gigahertz in one of each."""

PERCENT: dict[str, float] = {"%": 1}
"""Per cent in one of each."""

COUNT: dict[str, float] = {"cores": 1}


def format_bytes(count: float) -> str:
    """A size for people: '212 B', '3.1 KiB', '1.4 MiB'."""
    for unit, worth in (("MiB", 2**20), ("KiB", 2**10)):
        if abs(count) >= worth:
            return f"{count / worth:.1f} {unit}"
    return f"{count:.0f} B"


def format_milliseconds(ms: float) -> str:
    """A time for people: '80 ms', '5.33 ms', '9.47 us'."""
    if abs(ms) < 1:
        return f"{1000 * ms:.3g} us"
    return f"{ms:.4g} ms"
