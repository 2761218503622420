"""Which licences a corpus may be trained on."""

from __future__ import annotations

import re

TRAINABLE: tuple[str, ...] = ("CC0", "public domain", "CC-BY", "BSD", "MIT", "Apache")
"""Licence families admitted unless the user says otherwise: no share-alike, no copyleft, no non-commercial."""

_RESTRICTED = re.compile(r"(?i)\b(sa|nc|nd|gpl|lgpl|agpl|share.?alike|non.?commercial|no.?deriv\w*)\b")


def family(licence: str) -> str:
    """The family a licence text belongs to: a member of `TRAINABLE`, or the text itself where it fits none.

    "CC-BY-4.0" is "CC-BY"; "CC-BY-SA-4.0" is itself, since its conditions go further.
    """
    plain = re.sub(r"[\s_]+", "-", licence.strip().lower())
    if _RESTRICTED.search(re.sub(r"[-.]", " ", plain)):
        return licence.strip()
    for name in TRAINABLE:
        if plain.startswith(re.sub(r"\s+", "-", name.lower())):
            return name
    return licence.strip()


def admitted(licence: str, families: tuple[str, ...] = TRAINABLE) -> bool:
    """Whether `licence` belongs to one of `families`, or is named there in full."""
    allowed = {name.lower() for name in families}
    return family(licence).lower() in allowed or licence.strip().lower() in allowed
