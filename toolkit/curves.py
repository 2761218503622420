"""Animation curves: what a teacher, a student and an exporter pass to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME_RATE = 62.5
"""Frames a second of teachers and of the shipped students: 16 kHz over a hop of 256 samples."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Control values over time.

    Attributes
    ----------
    values
        float32 [frames, controls]; ARKit controls run from 0 (rest) to 1.
    controls
        One name a column.
    frame_rate
        Frames a second; frame ``i`` stands at ``i / frame_rate`` seconds.
    """

    values: NDArray[np.float32]
    controls: tuple[str, ...]
    frame_rate: float = FRAME_RATE

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.controls):
            raise ValueError(f"curves of shape {self.values.shape} do not fit {len(self.controls)} controls")

    def select(self, controls: tuple[str, ...]) -> Curves:
        """The same frames with the columns named by `controls`; a name that is absent reads as 0."""
        index = {name: column for column, name in enumerate(self.controls)}
        values = np.zeros((len(self.values), len(controls)), np.float32)
        for column, name in enumerate(controls):
            if name in index:
                values[:, column] = self.values[:, index[name]]
        return Curves(values, tuple(controls), self.frame_rate)

    def resample(self, frame_rate: float) -> Curves:
        """Linear interpolation to another frame rate over the same time span."""
        if frame_rate == self.frame_rate or len(self.values) == 0:
            return Curves(self.values, self.controls, frame_rate)
        # A frame that stands exactly at the end counts, though the quotient may come out just below it.
        count = int(np.floor((len(self.values) - 1) / self.frame_rate * frame_rate + 1e-6)) + 1
        source = np.arange(count) * (self.frame_rate / frame_rate)
        below = np.minimum(source.astype(np.int64), len(self.values) - 1)
        above = np.minimum(below + 1, len(self.values) - 1)
        share = (source - below).astype(np.float32)[:, None]
        values = self.values[below] * (1 - share) + self.values[above] * share
        return Curves(values.astype(np.float32), self.controls, frame_rate)
