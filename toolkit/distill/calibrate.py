"""Output calibration: give a student's curves back the reach that regression takes from them.

Trained on squared error, a student that is unsure answers with the mean of what could be: lips half shut where the
teacher shuts them or not. A gain and an offset per control, chosen on validation speakers so that mean and spread
equal the teacher's, undo that; both fold into the last layer, so every runtime has them and none pays for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .metrics import MOVING

LARGEST_GAIN = 3.0
"""A control that would need more is one the student does not know; more would only amplify its noise."""

_BISECTIONS = 25


@dataclass(frozen=True, eq=False)
class Calibration:
    """``y = max(gain * x + offset, 0)`` per control.

    Attributes
    ----------
    gain, offset
        float32 [controls].
    """

    gain: NDArray[np.float32]
    offset: NDArray[np.float32]

    def head(self, kernel: NDArray, bias: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The last layer's kernel [..., controls] and bias [controls] with the calibration folded in."""
        return (kernel * self.gain).astype(np.float32), (bias * self.gain + self.offset).astype(np.float32)


def identity(controls: int) -> Calibration:
    """Changes nothing."""
    return Calibration(np.ones(controls, np.float32), np.zeros(controls, np.float32))


def fit(student: NDArray[np.float32], teacher: NDArray[np.float32], strength: float = 1.0) -> Calibration:
    """Match the mean of each control that moves under the teacher, and its standard deviation as far as asked.

    The mean is matched from above alone: an offset that raised it would hold the mouth open in every silence.

    Parameters
    ----------
    student
        float32 [frames, controls], the last layer's linear answers.
    teacher
        float32 [frames, controls], at least 0.
    strength
        The gain that would match the standard deviation is raised to this power: 1 matches it, 0 keeps the
        student's. Reach costs jitter and squared error.

    Returns
    -------
    Calibration with gains between 1 and `LARGEST_GAIN`, and offsets of at most 0.
    """
    result = identity(teacher.shape[1])
    for control in np.flatnonzero(teacher.std(0) > MOVING):
        x, target = (curves[:, control].astype(np.float64) for curves in (student, teacher))
        gain = _matching_gain(x, target) ** strength
        result.gain[control], result.offset[control] = gain, min(_offset(gain * x, target.mean()), 0.0)
    return result


def _matching_gain(x: NDArray, target: NDArray) -> float:
    """By bisection on the spread, which grows with the gain when the offset keeps the mean."""
    low, high = 1.0, LARGEST_GAIN
    for _ in range(_BISECTIONS):
        gain = (low + high) / 2
        spread = np.maximum(gain * x + _offset(gain * x, target.mean()), 0).std()
        low, high = (low, gain) if spread > target.std() else (gain, high)
    return (low + high) / 2


def _offset(x: NDArray, mean: float) -> float:
    low, high = mean - x.max(), mean - x.min()
    for _ in range(_BISECTIONS):
        offset = (low + high) / 2
        low, high = (low, offset) if np.maximum(x + offset, 0).mean() > mean else (offset, high)
    return float((low + high) / 2)
