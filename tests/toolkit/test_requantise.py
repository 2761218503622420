"""The integer rules against exact rational arithmetic; tests/converters/test_litert_rules.py has LiteRT's word."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from facelite import BadInput
from facelite.graph import Clamp, Conv, Graph, Quant, Rounding, Tensor
from facelite.requantise import (
    clamp_bounds,
    conv_multipliers,
    conv_scales,
    multiply,
    multiply_floating,
    quantise_multiplier,
)
from hypothesis import given
from hypothesis import strategies as st

int32 = st.integers(-(2**31), 2**31 - 1)


def gemmlowp(x: int, multiplier: int, shift: int) -> int:
    """Double rounding as gemmlowp states it, in Python's unbounded integers."""
    product = (x << max(shift, 0)) * multiplier
    nudge = 2**30 if product >= 0 else 1 - 2**30
    total = product + nudge
    high = abs(total) // 2**31 * (1 if total >= 0 else -1)  # C's division, towards zero
    return half_away(Fraction(high, 2 ** max(-shift, 0)))


def half_away(value: Fraction) -> int:
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


@given(x=int32, multiplier=st.integers(2**30, 2**31 - 1), shift=st.integers(-31, 0))
def test_multiply_is_gemmlowp_s_double_rounding(x, multiplier, shift):
    assert multiply(x, multiplier, shift) == gemmlowp(x, multiplier, shift)


@given(x=st.integers(-(2**20), 2**20), multiplier=st.integers(2**30, 2**31 - 1), shift=st.integers(1, 10))
def test_multiply_by_more_than_one(x, multiplier, shift):
    assert multiply(x, multiplier, shift) == gemmlowp(x, multiplier, shift)


@given(real=st.floats(2.0**-30, 2.0**20, allow_nan=False))
def test_multiplier_and_shift_stand_for_the_real_number(real):
    multiplier, shift = quantise_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    stands_for = Fraction(multiplier) * Fraction(2) ** (shift - 31)
    assert abs(stands_for / Fraction(real) - 1) <= Fraction(1, 2**31)


def test_multipliers_too_small_to_matter_become_zero():
    assert quantise_multiplier(0.0) == (0, 0)
    assert quantise_multiplier(2.0**-40) == (0, 0)
    assert quantise_multiplier(1 - 2.0**-40) == (2**30, 1)


@given(x=st.integers(-(2**31), 2**31 - 1), scale=st.floats(2.0**-40, 1.0))
def test_floating_product_rounds_half_away(x, scale):
    assert multiply_floating(x, scale) == half_away(Fraction(float(x) * scale))


def test_floating_product_just_below_a_half_does_not_round_up():
    """floor(p + 0.5) would: 0.49999999999999994 + 0.5 is 1 in double."""
    below = np.nextafter(0.5, 0)
    assert multiply_floating([1, -1], below).tolist() == [0, 0]
    assert multiply_floating([1, -1], 0.5).tolist() == [1, -1]


@pytest.mark.parametrize(
    ("clamp", "expected"),
    [(Clamp.NONE, (-128, 127)), (Clamp.RELU, (-10, 127)), (Clamp.RELU6, (-10, 50)), (Clamp.RELU_N1_TO_1, (-20, 0))],
)
def test_activation_bounds_are_codes(clamp, expected):
    assert clamp_bounds(clamp, Quant(0.1, -10)) == expected


def test_activation_bounds_stay_within_int8():
    assert clamp_bounds(Clamp.RELU6, Quant(0.01, 0)) == (0, 127)
    assert clamp_bounds(Clamp.RELU, Quant(0.1, -128)) == (-128, 127)


def graph_of(conv: Conv, scale_out: float) -> Graph:
    tensors = (Tensor("x", 1, 1, Quant(1.0, 0)), Tensor("y", 1, 1, Quant(scale_out, 0)))
    return Graph("g", 16000, 16, 0, ("c",), tensors, (conv,))


def convolution(weight: int, bias: int, **fields) -> Conv:
    weights, scale = np.full((1, 1, 1), weight, np.int8), np.ones(1, np.float32)
    return Conv("layer", 0, weights, np.array([bias], np.int32), weight_scale=scale, **fields)


@pytest.mark.parametrize("rounding", list(Rounding))
def test_accumulators_that_can_overflow_are_refused(rounding):
    conv = convolution(127, 2**31 - 1000, rounding=rounding)
    of = conv_multipliers if rounding is Rounding.FIXED else conv_scales
    with pytest.raises(BadInput, match=r"layer .*overflow"):
        of(conv, graph_of(conv, 1e6))


def test_results_that_can_overflow_are_refused():
    conv = convolution(127, 0)
    with pytest.raises(BadInput, match="overflow"):
        conv_multipliers(conv, graph_of(conv, 1e-6))
    multiplier, shift = conv_multipliers(conv, graph_of(conv, 1e-4))
    assert int(multiplier[0]) << int(shift[0]) == pytest.approx(1e4 * 2**31, rel=1e-8)
