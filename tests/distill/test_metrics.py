"""Measures against values worked out by hand and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.distill.metrics import ScoredClip, average_precision, contact_score, correlation, jitter
from scipy import stats


def _clip(score, closures):
    score = np.asarray(score, np.float32)
    return ScoredClip(score, tuple(closures), np.ones(len(score), bool))


def test_average_precision_by_hand():
    # Ranked: hit, miss, hit, miss -> mean of 1/1 and 2/3.
    score = np.array([0.9, 0.8, 0.7, 0.1])
    assert average_precision(score, np.array([True, False, True, False])) == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_of_ties_is_the_base_rate():
    assert average_precision(np.zeros(10), np.arange(10) < 3) == pytest.approx(0.3)


def test_a_perfect_contact_score():
    score = np.full(50, -1.0)
    score[10:15] = 1.0
    result = contact_score([_clip(score, [(10, 15)])], 62.5)
    assert (result.average_precision, result.f1, result.event_recall, result.false_alarms) == (1, 1, 1, 0)
    assert result.onset_ms == 0
    assert result.inside_rate == 1
    assert result.outside_rate == 0


def test_a_late_closure_has_a_positive_onset_and_a_stray_one_is_a_false_alarm():
    score = np.full(60, -1.0)
    score[12:15] = 1.0
    score[40:43] = 1.0
    result = contact_score([_clip(score, [(10, 15)])], 62.5)
    assert result.onset_ms == pytest.approx(2 / 62.5 * 1000)
    assert result.false_alarms == 1
    assert result.event_recall == 1


def test_correlation_is_pearson_over_the_controls_that_move():
    rng = np.random.default_rng(0)
    teacher = rng.random((200, 3)).astype(np.float32)
    teacher[:, 2] = 0.001 * teacher[:, 2]
    student = teacher + 0.3 * rng.standard_normal((200, 3)).astype(np.float32)
    expected = np.mean([stats.pearsonr(student[:, i], teacher[:, i]).statistic for i in (0, 1)])
    assert correlation(student, teacher) == pytest.approx(expected, abs=1e-5)


def test_jitter_of_a_line_is_zero_and_of_a_zigzag_is_its_swing():
    assert jitter(np.linspace(0, 1, 50)[:, None]) == pytest.approx(0, abs=1e-9)
    assert jitter((np.arange(50) % 2)[:, None].astype(float)) == pytest.approx(2)
