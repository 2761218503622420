"""Weights that x86's maddubs multiplies exactly: the nudge that PS5, Xbox Series and Steam Deck are fast by.

Without VNNI the fastest int8 product is maddubs, which adds two products of a uint8 activation and an int8 weight
in *saturating* int16. It is exact when of each pair of weights the positive parts sum to at most 128 and the
negative parts to at least -128 (255 * 128 = 32640 < 32768). Pairs are neighbours in a row of inputs, tap-major and
channel-minor, which is TFLite's own order and the one in which the blob packs them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LIMIT = 128

FACTORS = tuple(float(factor) for factor in np.linspace(1, 2, 21))
"""Coarser scales that a row may take; at 2 every pair is safe without a nudge."""


def nudge(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """The nearest weights whose pairs are safe: what a pair exceeds the limit by is taken evenly from both.

    Parameters
    ----------
    weights
        int8 [out, inputs], -127..127. A last input without a partner is safe by itself.
    """
    safe = weights.astype(np.int16)
    pairs = safe[:, : weights.shape[1] // 2 * 2].reshape(len(weights), -1, 2)
    # Both weights of a pair must have one sign to break the limit, since one alone reaches 127 at most.
    sums = pairs.sum(2)
    same_sign = pairs[..., 0] * pairs[..., 1] > 0
    excess = np.where(same_sign, np.sign(sums) * np.maximum(np.abs(sums) - LIMIT, 0), 0)
    first = (excess + np.sign(excess)) // 2 if excess.size else excess
    pairs[..., 0] -= first
    pairs[..., 1] -= excess - first
    safe[:, : pairs.shape[1] * 2] = pairs.reshape(len(weights), -1)
    return safe.astype(np.int8)


def fit(weights: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Safe weights and a factor for each row's scale, so that ``factor * safe`` lies nearest to `weights`.

    A row whose large weights stand side by side, such as a low-pitched filter, loses less by a coarser scale than by
    the nudge; each row takes the best of `FACTORS`.

    Parameters
    ----------
    weights
        int8 [out, inputs].

    Returns
    -------
    int8 [out, inputs] and float32 [out], factors from 1 to 2.
    """
    best = np.full(len(weights), np.inf)
    safe, factors = weights.copy(), np.ones(len(weights), np.float32)
    for factor in FACTORS:
        candidate = nudge(np.rint(weights / factor).astype(np.int8))
        error = ((weights - factor * candidate.astype(np.float64)) ** 2).sum(1)
        better = error < best
        best[better], safe[better], factors[better] = error[better], candidate[better], factor
    return safe, factors
