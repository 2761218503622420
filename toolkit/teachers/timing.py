"""Frames of any rate and offset, put on the grid that teachers answer on: 62.5 a second, the first at sample 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..curves import FRAME_RATE


def frame_count(samples: int, sample_rate: int) -> int:
    """Frames of an utterance: ``ceil(samples * 62.5 / sample_rate)``, 256 samples each at 16 kHz."""
    return -(-samples * round(FRAME_RATE * 2) // (2 * sample_rate))


def on_grid(values: NDArray[np.floating], times: NDArray[np.floating], frames: int) -> NDArray[np.float32]:
    """Linear interpolation at ``i / 62.5`` seconds; before the first and after the last time, their values hold.

    Parameters
    ----------
    values
        [n, controls], n at least 1.
    times
        [n], seconds from the first sample of the audio, increasing.
    frames
        How many are wanted.

    Returns
    -------
    float32 [frames, controls].
    """
    wanted = np.arange(frames) / FRAME_RATE
    if len(times) == 1:
        return np.repeat(np.asarray(values, np.float32), frames, axis=0)
    below = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, len(times) - 2)
    span = times[below + 1] - times[below]
    share = np.clip((wanted - times[below]) / span, 0.0, 1.0)[:, None]
    return (values[below] * (1 - share) + values[below + 1] * share).astype(np.float32)
