"""How every network here is optimised: AdamW, warmed up in a straight line, then down a cosine."""

from __future__ import annotations

import keras

LAST_RATE = 0.01
"""Learning rate of the last step, as a share of the highest."""

LONGEST_GRADIENT = 1.0
"""Euclidean norm to which the gradient of each variable is cut."""


def adamw(learning_rate: float, warmup: int, steps: int, weight_decay: float) -> keras.Optimizer:
    """Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, with their cosine ("SGDR", ICLR 2017).

    Parameters
    ----------
    learning_rate
        The highest, reached after `warmup` steps.
    steps
        Of the whole training.
    """
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - warmup, 1), alpha=LAST_RATE, warmup_target=learning_rate, warmup_steps=warmup
    )
    return keras.optimizers.AdamW(schedule, weight_decay=weight_decay, clipnorm=LONGEST_GRADIENT)
