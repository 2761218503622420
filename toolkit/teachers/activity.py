"""Whether somebody speaks, as one curve: what the gate that keeps a mouth shut is taught."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..curves import FRAME_RATE, Curves
from .closures import speech_spans
from .protocol import Phone
from .timing import frame_count

CONTROL = "speech"

LEAD, TAIL = 0.05, 0.1
"""Seconds before and after its sounds that a mouth is moving."""

LONGEST_PAUSE = 0.3
"""Seconds of silence inside speech that count as speech: stops, and breaths too short to rest in."""


class ActivityTeacher:
    """1 while phones say that somebody speaks, 0 elsewhere."""

    controls = (CONTROL,)
    needs_phones = True

    def animate(self, audio: NDArray, sample_rate: int, phones: Sequence[Phone] | None = None) -> Curves:
        """`Curves` of one control; without phones nobody speaks."""
        frames = frame_count(len(audio), sample_rate)
        times = np.arange(frames) / FRAME_RATE
        speaks = np.zeros(frames, np.float32)
        for start, end in speech_spans(phones or (), LONGEST_PAUSE):
            speaks[(times >= start - LEAD) & (times < end + TAIL)] = 1
        return Curves(speaks[:, None], self.controls, FRAME_RATE)

    def fingerprint(self) -> str:
        """SHA-256 of the constants and of the version of the code."""
        return hashlib.sha256(json.dumps([1, LEAD, TAIL, LONGEST_PAUSE]).encode()).hexdigest()
