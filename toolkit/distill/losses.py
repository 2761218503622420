"""Stage 1's label losses: reconstruction and velocity, over controls and over the contacts they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from ..controls import closure, labiodental

_FLOOR = 0.03


def label_loss(
    controls: Sequence[str], spread: NDArray[np.float32], velocity_weight: float, contact_weight: float
) -> Callable:
    """A loss over curves [batch, frames, controls].

    Mean squared error, each control divided by its standard deviation under the teacher so that a small control
    counts as much as the jaw, plus the same over frame-to-frame differences, plus both for the two contacts that a
    viewer looks for, lip to lip and lip to teeth (`facelite.controls.closure`, `labiodental`): their errors are not
    the sum of their parts'.

    Parameters
    ----------
    spread
        float32 [controls], standard deviation of each control; below 0.03 counts as 0.03.
    """
    scale = 1.0 / np.maximum(spread, _FLOOR)
    each = np.eye(len(controls), dtype=np.float32)
    contacts = np.stack([closure(each, controls), labiodental(each, controls)], axis=1)
    contacts /= np.maximum(np.linalg.norm(contacts * spread[:, None], axis=0), _FLOOR)
    weight = contact_weight * contacts.shape[1]  # a mean is taken over them, and each is to weigh as much

    def loss(target: Any, curves: Any) -> Any:
        error = curves - target
        contact = ops.matmul(error, ops.convert_to_tensor(contacts))
        error = error * ops.convert_to_tensor(scale)
        total = _square(error) + weight * _square(contact)
        moving = _square(error[:, 1:] - error[:, :-1]) + weight * _square(contact[:, 1:] - contact[:, :-1])
        return total + velocity_weight * moving

    return loss


def _square(error: Any) -> Any:
    return ops.mean(ops.square(error))
