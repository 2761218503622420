"""Pair-safe weights must be exact under saturating int16, nearly the same weights, and LiteRT must read them."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.converters.backends.blob import pack_weights, pair_safe
from facelite.converters.pair_safe import fit, nudge

RNG = np.random.default_rng(0)


def _saturating_maddubs(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """What _mm256_maddubs_epi16 computes of each pair: two products added in saturating int16."""
    products = x.astype(np.int32) * w.astype(np.int32)
    return np.clip(products[..., 0::2] + products[..., 1::2], -32768, 32767)


@pytest.mark.parametrize("inputs", [2, 3, 7, 160, 1536])
def test_no_activation_saturates_a_nudged_pair(inputs):
    weights = RNG.integers(-127, 128, (40, inputs)).astype(np.int8)
    for safe in (nudge(weights), fit(weights)[0]):
        row = np.zeros((40, inputs + inputs % 2), np.int8)
        row[:, :inputs] = safe
        # The extremes: 255 on one sign of weight and 0 on the other.
        for x in (np.where(row > 0, 255, 0), np.where(row < 0, 255, 0), np.full_like(row, 255, np.int32)):
            exact = (x * row.astype(np.int32)).reshape(40, -1, 2).sum(2)
            assert np.array_equal(_saturating_maddubs(x, row), exact)
        assert pair_safe(pack_weights(safe[:, :, None]))


def test_plain_weights_do_saturate():
    assert not pair_safe(pack_weights(np.full((4, 4, 1), 127, np.int8)))


def test_safe_weights_are_left_alone():
    weights = RNG.integers(-64, 65, (20, 31)).astype(np.int8)
    safe, factors = fit(weights)
    assert np.array_equal(safe, weights)
    assert (factors == 1).all()


def test_a_nudge_takes_the_excess_and_no_more():
    weights = np.array([[127, 127], [100, 29], [-127, -3], [127, -127]], np.int8)
    assert nudge(weights).astype(int).sum(1).tolist() == [128, 128, -128, 0]


def test_rows_of_neighbouring_peaks_lose_less_by_a_coarser_scale():
    low_pitched = np.rint(127 * np.cos(np.linspace(-1.5, 1.5, 160))).astype(np.int8)[None]
    safe, factors = fit(low_pitched)
    lost = np.linalg.norm(low_pitched - factors[:, None] * safe) / np.linalg.norm(low_pitched.astype(float))
    plain = np.linalg.norm(low_pitched - nudge(low_pitched)) / np.linalg.norm(low_pitched.astype(float))
    assert lost < 0.01 < plain
