"""Stage 1's label losses: reconstruction and velocity of the controls, and whether lips, or lip and teeth, meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from ..controls import closure, labiodental

_FLOOR = 0.03

MEETING = (0.10, 0.25)
"""Where `closure` and `labiodental` stand between apart and together. The oracle's curves lie above 0.19 in 99 % of the
frames of p, b and m and above 0.39 in 95 % of those of f and v; three quarters of all others lie below -0.2 in both."""

WIDTH = 0.05
"""How far from there a contact is e to 1 sure: at 0.2, twice this above `MEETING`, lips are shut at .88."""


def label_loss(
    controls: Sequence[str], spread: NDArray[np.float32], velocity_weight: float, contact_weight: float
) -> Callable:
    """A loss over curves [batch, frames, controls].

    Mean squared error, each control divided by its standard deviation under the teacher so that a small control
    counts as much as the jaw, plus the same over frame-to-frame differences, plus what the curves say wrongly of the
    two contacts that a viewer looks for, lip to lip and lip to teeth.

    A squared error asks a student that is not sure for the mean of all that may be said, and the mean of an open vowel
    and a closed lip is a mouth half open. Contacts are therefore decided, not averaged: their measures
    (`facelite.controls.closure`, `labiodental`) over `WIDTH` are log-odds that there is one, and the loss is the
    Kullback-Leibler divergence, in nats, of the student's probability from the teacher's (Hinton, Vinyals and Dean
    2015, "Distilling the knowledge in a neural network", equation 1, two classes).

    Parameters
    ----------
    spread
        float32 [controls], standard deviation of each control; below 0.03 counts as 0.03.
    """
    scale = 1.0 / np.maximum(spread, _FLOOR)
    each = np.eye(len(controls), dtype=np.float32)
    contacts = np.stack([closure(each, controls), labiodental(each, controls)], axis=1)

    def odds(curves: Any) -> Any:
        meeting = ops.convert_to_tensor(np.array(MEETING, np.float32))
        return (ops.matmul(curves, ops.convert_to_tensor(contacts)) - meeting) / WIDTH

    def loss(target: Any, curves: Any) -> Any:
        error = (curves - target) * ops.convert_to_tensor(scale)
        moving = error[:, 1:] - error[:, :-1]
        still = ops.mean(ops.square(error)) + velocity_weight * ops.mean(ops.square(moving))
        return still + contact_weight * contacts.shape[1] * ops.mean(_divergence(odds(target), odds(curves)))

    return loss


def _divergence(target: Any, answer: Any) -> Any:
    """Of two coins with these log-odds: how much the second misses of the first, nats."""
    return ops.softplus(answer) - ops.softplus(target) - ops.sigmoid(target) * (answer - target)
