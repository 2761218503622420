"""What a label depends on: the sound, the teacher, and, for a teacher that needs them, the phones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..speech.corpus import Clip
from ..speech.phones import TimedPhone
from ..teachers.protocol import Teacher, needs_phones

FORMAT = 1
"""Raised whenever the rows of a shard change their meaning; every label is then made again."""

SAMPLE_RATE, HOP = 16000, 256
"""Hz, and samples a frame: what a corpus holds and what every teacher answers with (62.5 frames a second)."""

NOISE = "noise"
"""The source whose clips have no face: no teacher is asked about them."""


@dataclass(frozen=True)
class TeacherCard:
    """A teacher as a label store knows it.

    Attributes
    ----------
    spec
        What `open_teacher` was given.
    fingerprint
        Hexadecimal SHA-256 over everything that decides its answers.
    controls
        One name a curve.
    needs_phones
        Whether it animates from phones; otherwise it is given none.
    """

    spec: str
    fingerprint: str
    controls: tuple[str, ...]
    needs_phones: bool

    @classmethod
    def of(cls, spec: str, teacher: Teacher) -> TeacherCard:
        """The card of an opened teacher."""
        return cls(spec, teacher.fingerprint(), tuple(teacher.controls), needs_phones(teacher))

    def can_label(self, clip: Clip) -> bool:
        """Whether the teacher has what it needs to animate `clip`."""
        return clip.source != NOISE and (bool(clip.phones) or not self.needs_phones)

    def key(self, clip: Clip) -> str:
        """Hexadecimal SHA-256 that stays the same exactly as long as the label of `clip` does."""
        phones = phones_digest(clip.phones) if self.needs_phones else ""
        parts = [FORMAT, SAMPLE_RATE, HOP, clip.sha256, phones, self.fingerprint, self.controls]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def phones_digest(phones: Sequence[TimedPhone]) -> str:
    """Hexadecimal SHA-256 over symbols and times."""
    rows = [(phone.start, phone.end, phone.symbol, phone.release) for phone in phones]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
