"""Histograms hold what NumPy counts, and each method's range is the one that its definition names."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.converters.observe import BINS, Histogram
from facelite.converters.ranges import METHODS, PERCENTILE, mse, percentile, quant_of_range

RNG = np.random.default_rng(5)
TENSORS = {
    "gaussian": RNG.normal(0, 1, 200_000),
    "skewed": RNG.normal(-2, 1.5, 200_000) + RNG.exponential(3, 200_000),
    "rectified, heavy tail": np.maximum(RNG.standard_t(3, 400_000), 0),
    "never negative": RNG.uniform(0.2, 0.9, 100_000),
}


def _seen(values: np.ndarray) -> Histogram:
    """As calibration sees it: in pieces, the quiet ones first, so that it has to widen."""
    histogram = Histogram()
    for piece in np.array_split(values[np.argsort(np.abs(values))].astype(np.float32), 7):
        histogram.add(piece)
    return histogram


@pytest.fixture(params=TENSORS, scope="module")
def tensor(request) -> tuple[np.ndarray, Histogram]:
    values = TENSORS[request.param].astype(np.float32)
    return values, _seen(values)


def test_a_histogram_that_widened_counts_what_numpy_counts(tensor):
    values, seen = tensor
    expected, _ = np.histogram(values, np.linspace(-seen.span, seen.span, BINS + 1))
    # A value on an edge between two bins may be counted in either.
    assert np.abs(np.cumsum(seen.counts) - np.cumsum(expected)).max() <= 2
    assert (seen.low, seen.high) == (values.min(), values.max())


def test_percentiles_are_numpy_s_where_zero_is_among_them(tensor):
    values, seen = tensor
    ends = np.percentile(values, [100 - PERCENTILE, PERCENTILE], method="inverted_cdf")
    expected = min(ends[0], 0), max(ends[1], 0)
    assert np.abs(np.subtract(percentile(seen), expected)).max() <= 2 * seen.span / BINS


def test_mse_loses_least_of_the_three(tensor):
    values, seen = tensor
    lost = {}
    for name, method in METHODS.items():
        quant = quant_of_range(method(seen))
        codes = np.clip(np.rint(values / quant.scale) + quant.zero_point, -128, 127)
        lost[name] = np.mean(((codes - quant.zero_point) * quant.scale - values) ** 2)
    assert lost["mse"] <= 1.001 * min(lost.values())
    narrower = quant_of_range(tuple(0.9 * end for end in mse(seen)))
    codes = np.clip(np.rint(values / narrower.scale) + narrower.zero_point, -128, 127)
    assert lost["mse"] < np.mean(((codes - narrower.zero_point) * narrower.scale - values) ** 2)


@pytest.mark.parametrize("method", METHODS)
def test_zero_is_a_code_and_the_range_lies_within_what_was_seen(method, tensor):
    _, seen = tensor
    low, high = METHODS[method](seen)
    assert min(seen.low, 0) <= low <= 0 <= high <= max(seen.high, 0)
    assert -128 <= quant_of_range((low, high)).zero_point <= 127


@pytest.mark.parametrize("method", METHODS)
def test_a_tensor_of_zeros_has_a_scale_all_the_same(method):
    seen = _seen(np.zeros(100))
    quant = quant_of_range(METHODS[method](seen))
    assert quant.scale > 0
    assert -128 <= quant.zero_point <= 127


def test_the_share_outside_is_that_of_the_values(tensor):
    values, seen = tensor
    low, high = percentile(seen)
    expected = np.mean((values < low) | (values > high))
    assert seen.share_outside(low, high) == pytest.approx(expected, abs=1e-3)
