"""Stage 1's label losses: reconstruction and velocity, over controls and over the closure they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from ..controls import closure

_FLOOR = 0.03


def label_loss(
    controls: Sequence[str], spread: NDArray[np.float32], velocity_weight: float, closure_weight: float
) -> Callable:
    """A loss over curves [batch, frames, controls].

    Mean squared error, each control divided by its standard deviation under the teacher so that a small control
    counts as much as the jaw, plus the same over frame-to-frame differences, plus both for the closure measure
    (`facelite.controls.closure`), whose error is not the sum of its parts'.

    Parameters
    ----------
    spread
        float32 [controls], standard deviation of each control; below 0.03 counts as 0.03.
    """
    scale = 1.0 / np.maximum(spread, _FLOOR)
    direction = closure(np.eye(len(controls), dtype=np.float32), controls)
    lips = 1.0 / max(float(np.linalg.norm(direction * spread)), _FLOOR)

    def loss(target: Any, curves: Any) -> Any:
        error = curves - target
        shut = ops.matmul(error, ops.convert_to_tensor(direction[:, None])) * lips
        error = error * scale
        total = _square(error) + closure_weight * _square(shut)
        moving = _square(error[:, 1:] - error[:, :-1]) + closure_weight * _square(shut[:, 1:] - shut[:, :-1])
        return total + velocity_weight * moving

    return loss


def _square(error: Any) -> Any:
    return ops.mean(ops.square(error))
