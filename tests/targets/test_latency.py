"""Latency is a sum of terms that can be checked by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from facelite.targets.latency import latency


def _timing(**changes):
    return SimpleNamespace(**{"sample_rate": 16000, "lookahead": 1024, "hop": 256, "smoothing": True} | changes)


def test_a_smoothed_real_time_student_hears_80_ms_ahead_and_is_96_ms_late():
    found = latency(_timing())
    terms = [(term.name, term.samples) for term in found.terms]
    assert terms == [("lookahead", 1024), ("smoothing", 256), ("hop", 256)]
    assert found.future_ms == pytest.approx(80)
    assert found.ms == pytest.approx(96)
    assert found.samples == 1536


def test_smoothing_costs_one_hop():
    assert latency(_timing()).samples - latency(_timing(smoothing=False)).samples == 256


def test_the_sample_rate_counts():
    assert latency(_timing(sample_rate=8000)).ms == pytest.approx(2 * latency(_timing()).ms)
