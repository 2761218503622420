"""Blinks, small looks and brows from a seeded process and how loud the speech is; static/life.js is the same.

Integers for chance, and only sums, products and comparisons of doubles: the same in Python, JavaScript and C. Nothing
here is a measurement of a person but the rates that name their source.
"""

from __future__ import annotations

from ..curves import FRAME_RATE

CONTROLS = (
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookInRight", "eyeLookOutRight",
    "eyeLookUpLeft", "eyeLookUpRight", "eyeLookDownLeft", "eyeLookDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight",
)  # fmt: skip

BLINKS = {"resting": 17.0, "talking": 26.0}
"""A minute; Bentivoglio et al. 1997, Movement Disorders 12(6): means at rest and in conversation."""

LOOKS = 36.0
"""Changes of gaze a minute."""

SHUT, OPEN = 5, 11
"""Frames in which lids close and open: 80 and 176 ms. Closing is the quicker of the two."""

APART = 40
"""Frames after a blink in which no other begins."""

FARTHEST = 0.12
"""Of eyeLook…: how far a gaze strays, sideways; half as far up and down."""

QUICK, SLOW = 0.2, 0.004
"""Shares by which the quick and the slow mean of loudness move towards it in a frame."""

BROWS = 0.18
"""The most that emphasis lifts the brows."""

_CHANCES = 2**32


class Life:
    """One character's idle process: a frame of `CONTROLS` for every frame of speech, 62.5 a second.

    Parameters
    ----------
    seed
        1 .. 2**32 - 1; the same seed and the same loudness give the same life, to the bit.
    """

    def __init__(self, seed: int = 1) -> None:
        self._chance = seed & 0xFFFFFFFF or 1
        self._blink, self._wait = 0, 0
        self._aim, self._gaze = [0.0, 0.0], [0.0, 0.0]
        self._quick, self._slow, self._brow = 0.0, 0.0, 0.0

    def step(self, loudness: float) -> list[float]:
        """The next frame.

        Parameters
        ----------
        loudness
            Root mean square of the hop of audio at the frame, 0..1.

        Returns
        -------
        A weight for each of `CONTROLS`, 0..1.
        """
        emphasis = self._emphasis(loudness)
        lids = self._lids(talking=emphasis > 0.5)
        sideways, up = self._look()
        left, right = max(0.0, sideways), max(0.0, -sideways)
        self._brow += 0.12 * (BROWS * min(1.0, max(0.0, emphasis - 1.2)) - self._brow)
        brow = self._brow
        above, below = max(0.0, up), max(0.0, -up) + 0.1 * lids
        return [lids, lids, right, left, left, right, above, above, below, below, brow, 0.6 * brow, 0.6 * brow]

    def _draw(self) -> int:
        """Marsaglia 2003, xorshift32: 1 .. 2**32 - 1."""
        x = self._chance
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self._chance = x
        return x

    def _happens(self, a_minute: float) -> bool:
        return self._draw() < a_minute / (60 * FRAME_RATE) * _CHANCES

    def _between(self, limit: float) -> float:
        return limit * (2 * (self._draw() / _CHANCES) - 1)

    def _emphasis(self, loudness: float) -> float:
        """Loudness over its slow mean: about 1 while somebody speaks evenly, 0 in silence."""
        self._quick += QUICK * (loudness - self._quick)
        self._slow += SLOW * (loudness - self._slow)
        return self._quick / (self._slow + 0.01)

    def _lids(self, talking: bool) -> float:
        """How shut the lids are. Every frame draws, so that one blink more does not change the looks that follow."""
        begins = self._happens(BLINKS["talking" if talking else "resting"])
        if self._blink == 0 and self._wait == 0 and begins:
            self._blink, self._wait = 1, APART + SHUT + OPEN
        self._wait = max(0, self._wait - 1)
        if self._blink == 0:
            return 0.0
        at = self._blink
        self._blink = 0 if at == SHUT + OPEN else at + 1
        share = at / SHUT if at <= SHUT else (SHUT + OPEN - at) / OPEN
        return share * share * (3 - 2 * share)

    def _look(self) -> tuple[float, float]:
        """Gaze, sideways and up; a third of the looks go back to the middle."""
        moves, home = self._happens(LOOKS), self._draw() < _CHANCES // 3
        sideways, up = self._between(FARTHEST), self._between(FARTHEST / 2)
        if moves:
            self._aim = [0.0, 0.0] if home else [sideways, up]
        for axis in (0, 1):
            self._gaze[axis] += 0.5 * (self._aim[axis] - self._gaze[axis])
        return self._gaze[0], self._gaze[1]
