"""What a source of speech gives to a corpus under construction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .phones import TimedPhone


@dataclass(frozen=True, eq=False)
class Recording:
    """One clip with its labels.

    Attributes
    ----------
    name
        Stem of the audio file, unique within `source`; may hold slashes.
    audio
        float32 [samples] at 16 kHz, -1..1.
    phones
        In order of time, in the inventory of `phones`; empty where unknown.
    unknown
        Symbols of the source that its alphabet did not know, with their counts in this clip.
    unlabelled
        Why there are no phones, a short phrase (counted); "" where there are some or none are wanted.

    The other attributes become the manifest's columns of the same name.
    """

    name: str
    audio: NDArray[np.float32]
    phones: Sequence[TimedPhone]
    speaker: str
    language: str
    source: str
    licence: str
    split: str
    text: str
    unknown: Mapping[str, int] = field(default_factory=dict)
    unlabelled: str = ""


@dataclass(frozen=True)
class Dropped:
    """A recording that was left out, and why (a short phrase: drops are counted by it)."""

    reason: str


Given = Recording | Dropped | Sequence[Recording]
"""What a number of a source stands for; several where a long recording was divided."""


class Source(Protocol):
    """Numbered recordings; the same number always gives the same recording, in any order and in any process.

    It can be pickled, so that several processes may make recordings.
    """

    @property
    def name(self) -> str:
        """Of the source; names its folder in the journal."""
        ...

    @property
    def count(self) -> int | None:
        """How many recordings there are, None where there is no end."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """All that the recordings depend on, as plain JSON: a build resumes only under equal settings."""
        ...

    def recording(self, index: int) -> Given:
        """The recording with number `index` (0-based, below `count`).

        Raises
        ------
        BadInput
            Its file cannot be used; the build names it, counts it and goes on.
        """
        ...
