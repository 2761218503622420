"""Keeps a mouth shut while nobody speaks: a second, small student says whether somebody does.

The gate's student hears the same audio on the same kernel and gives one control, "speech", a frame. `Gate` turns that
into how far the face may leave its rest. static/gate.js of the web page is the same arithmetic.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..student import Student, load

OPENS, CLOSES = 0.6, 0.4
"""Of "speech", 0..1: the gate opens at one and stays open down to the other."""

HOLD = 12
"""Frames that it stays open after the last that speech held open: 192 ms, longer than a stop's silence."""

ATTACK, RELEASE = 2, 8
"""Frames in which it opens and closes. It hears 80 ms ahead, so it is open when a sound begins."""

_BLOB = Path(__file__).parents[1] / "weights" / "gate" / "gate.facelite"


def load_gate() -> Student:
    """The packaged gate's student: control "speech", 80 ms of future audio with smoothing."""
    return load(_BLOB)


class Gate:
    """One character's gate; causal, a few operations a frame.

    Parameters
    ----------
    rest
        float32 [controls]: the face that silence makes.
    """

    def __init__(self, rest: NDArray[np.float32]) -> None:
        self._rest = np.asarray(rest, np.float32)
        self._held = 0
        self.openness = 0.0
        """How far the gate is open, 0..1."""

    def step(self, speech: float) -> float:
        """Hear the next frame of "speech"; returns `openness`."""
        if speech >= OPENS or (self._held > 0 and speech >= CLOSES):
            self._held = HOLD
        elif self._held > 0:
            self._held -= 1
        change = 1 / ATTACK if self._held > 0 else -1 / RELEASE
        self.openness = min(1.0, max(0.0, self.openness + change))
        return self.openness

    def apply(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """The frame, float32 [controls], as far as the gate is open; fully open it passes to the bit."""
        if self.openness == 1:
            return frame
        return self._rest + np.float32(self.openness) * (frame - self._rest)
