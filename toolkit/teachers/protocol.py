"""What every teacher is: something that turns a whole utterance into curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..curves import Curves


@dataclass(frozen=True)
class Phone:
    """One speech sound with its time.

    Attributes
    ----------
    start, end
        Seconds from the start of the clip. A stop's interval begins with its closure.
    symbol
        ARPAbet without stress ("P", "AA", "SIL"), the one alphabet of facelite's corpora.
    """

    start: float
    end: float
    symbol: str


@runtime_checkable
class Teacher(Protocol):
    """Animates an utterance; it may look at all of it.

    `controls` names the columns of what `animate` returns. A teacher that animates from phones also has
    ``needs_phones = True``; one without that attribute only listens, and is given no phones (see `needs_phones`).
    """

    controls: tuple[str, ...]

    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 over everything that decides the answers: weights, constants, a version of the code.

        Labels are made again when it changes, so it must not depend on the machine, on paths or on the time.
        """
        ...

    def animate(self, audio: NDArray[np.float32], sample_rate: int, phones: Sequence[Phone] | None = None) -> Curves:
        """Curves at 62.5 frames a second, ``ceil(samples / hop)`` frames.

        Parameters
        ----------
        audio
            float32 [samples], -1..1, one channel.
        sample_rate
            Hz.
        phones
            The sounds with their times, in order; teachers that only listen ignore it.

        Raises
        ------
        BadInput
            The teacher needs phones and has none, or the audio is unusable.
        """
        ...


def needs_phones(teacher: Teacher) -> bool:
    """Whether `teacher` animates from phones; clips without them are then out of its reach."""
    return bool(getattr(teacher, "needs_phones", False))
