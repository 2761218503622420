"""Levels: gain, overdrive and the converter's limits."""

from __future__ import annotations

import numpy as np

from .base import SILENT, Audio, Generator


def gain(audio: Audio, rng: Generator, low_db: float = -40.0, high_db: float = 0.0) -> Audio:
    """Scale the peak to a level drawn evenly between `low_db` and `high_db` of full scale."""
    peak = float(np.abs(audio).max(initial=0.0))
    if peak < SILENT:
        return audio.copy()
    return audio * np.float32(10 ** (rng.uniform(low_db, high_db) / 20) / peak)


def clip(audio: Audio) -> Audio:
    """Limit to -1..1, as a converter does."""
    return np.clip(audio, -1.0, 1.0)


def overdrive(audio: Audio, rng: Generator, low_db: float = 1.0, high_db: float = 12.0) -> Audio:
    """Clip at `low_db` to `high_db` below the peak, as a microphone set too loud does; the level stays.

    Half of the draws clip hard, half saturate smoothly (hyperbolic tangent).
    """
    peak = float(np.abs(audio).max(initial=0.0))
    limit = np.float32(peak * 10 ** (-rng.uniform(low_db, high_db) / 20))
    hard = rng.random() < 0.5
    if peak < SILENT:
        return audio.copy()
    return np.clip(audio, -limit, limit) if hard else limit * np.tanh(audio / limit)
