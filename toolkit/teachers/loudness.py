"""How loud speech is, frame by frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLOOR_DB = -90.0
RANGE_DB = 30.0


def frame_levels(audio: NDArray[np.float32], sample_rate: int, frame_rate: float) -> NDArray[np.float32]:
    """RMS level in dB of full scale, one frame a hop, each over two hops centred on the frame.

    Parameters
    ----------
    audio
        float32 [samples].
    sample_rate, frame_rate
        Hz.

    Returns
    -------
    float32 [ceil(samples / hop)], at least -90 dB.
    """
    hop = round(sample_rate / frame_rate)
    count = -(-len(audio) // hop)
    padded = np.zeros((count + 1) * hop + hop, np.float64)
    padded[hop : hop + len(audio)] = audio
    energy = np.concatenate([[0.0], np.cumsum(padded**2)])
    edges = np.arange(count) * hop
    mean = (energy[edges + 2 * hop] - energy[edges]) / (2 * hop)
    return np.maximum(10 * np.log10(mean + 1e-12), FLOOR_DB).astype(np.float32)


def relative_loudness(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Levels as 0..1 between 30 dB below the utterance's loud frames (95th percentile) and them.

    Smoothed over five frames, so that jaw opening follows syllables rather than glottal pulses.
    """
    if len(levels) == 0:
        return levels
    loud = np.percentile(levels, 95)
    share = np.clip((levels - (loud - RANGE_DB)) / RANGE_DB, 0, 1)
    padded = np.pad(share, 2, mode="edge")
    return (np.convolve(padded, np.full(5, 0.2), mode="valid")).astype(np.float32)
