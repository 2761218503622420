"""How far two runtimes' values are apart, in real units and in codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..distill.metrics import correlations


def distance(values: NDArray[np.floating], truth: NDArray[np.floating]) -> dict[str, float | None]:
    """How far real values are from the float student's: errors, SNR in dB, cosine, and best-fitting scale.

    `snr_db` is None for an exact match or a reference of zeros, `cosine` and `scale` for one of zeros; zeros where
    there should be none have a cosine of 0.
    """
    error = values.astype(np.float64) - truth
    signal, noise = float(np.sum(truth.astype(np.float64) ** 2)), float(np.sum(error**2))
    dot, own = float(np.sum(values.astype(np.float64) * truth)), float(np.sum(values.astype(np.float64) ** 2))
    return {
        "max_error": float(np.abs(error).max()),
        "mean_error": float(np.abs(error).mean()),
        "snr_db": 10 * float(np.log10(signal / noise)) if signal > 0 and noise > 0 else None,
        "cosine": (dot / float(np.sqrt(signal * own)) if own > 0 else 0.0) if signal > 0 else None,
        "scale": dot / signal if signal > 0 else None,
    }


def lsb_histogram(codes: NDArray[np.int8], truth: NDArray[np.int8]) -> dict[str, int]:
    """How many values differ by how many codes, by signed difference."""
    differences, counts = np.unique(codes.astype(np.int16) - truth, return_counts=True)
    return {
        f"{difference:+d}" if difference else "0": int(n) for difference, n in zip(differences, counts, strict=True)
    }


def per_control(
    values: NDArray[np.floating], truth: NDArray[np.floating], controls: Sequence[str]
) -> list[dict[str, Any]]:
    """`distance` of each control, with its Pearson `correlation` (None where the reference does not move it).

    Both float [frames, controls].
    """
    moving = correlations(values.astype(np.float64), truth.astype(np.float64))
    return [
        {
            "control": name,
            **distance(values[:, column], truth[:, column]),
            "correlation": float(moving[column]) if np.isfinite(moving[column]) else None,
        }
        for column, name in enumerate(controls)
    ]
