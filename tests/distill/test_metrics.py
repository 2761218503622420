"""Measures against values worked out by hand and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.controls import closure, labiodental
from facelite.distill.metrics import (
    ScoredClip,
    average_precision,
    contact_score,
    correlation,
    correlations,
    jitter,
)
from facelite.teachers.oracle import OracleTeacher
from facelite.teachers.protocol import Phone
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


def test_lips_that_meet_just_before_a_contact_have_not_found_it():
    score = np.full(30, -1.0)
    score[8:10] = 1.0  # frame 9 stands before 9.3, where the contact starts
    score[20:22] = 1.0
    result = contact_score([_clip(score, [(9.3, 11.2), (20.0, 22.0)])], 62.5)
    assert result.event_recall == 0.5
    assert result.false_alarms == 0


def test_a_contact_between_two_frames_is_nobodys_to_find():
    score = np.full(30, -1.0)
    score[20:22] = 1.0
    result = contact_score([_clip(score, [(9.3, 9.8), (20.0, 22.0)])], 62.5)
    assert (result.positives, result.event_recall) == (2, 1)


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


def test_correlations_name_controls_that_do_not_move():
    rng = np.random.default_rng(1)
    teacher = rng.random((50, 3)).astype(np.float32)
    teacher[:, 1] = 0.5
    student = np.stack([teacher[:, 0], rng.random(50), np.zeros(50)], axis=1)
    found = correlations(student, teacher)
    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1])
    assert found[2] == 0


def test_lips_meet_on_m_and_lip_meets_teeth_on_f():
    """The oracle's faces in the middle of long sounds, told apart by the two contact measures."""
    sounds = ("SIL", "M", "AA", "F", "IY", "B", "AA", "V", "S", "UW", "SIL")
    phones = [Phone(0.3 * i, 0.3 * (i + 1), sound) for i, sound in enumerate(sounds)]
    curves = OracleTeacher().animate(np.full(16000 * 4, 0.1, np.float32), 16000, phones)
    middle = {(i, sound): curves.values[[round((0.3 * i + 0.15) * 62.5)]] for i, sound in enumerate(sounds)}
    lips = {key: closure(face, curves.controls)[0] for key, face in middle.items()}
    teeth = {key: labiodental(face, curves.controls)[0] for key, face in middle.items()}
    shut = {key for key in middle if key[1] in "MB"}
    bitten = {key for key in middle if key[1] in "FV"}
    assert min(lips[key] for key in shut) > max(lips[key] for key in middle.keys() - shut) + 0.1
    assert min(teeth[key] for key in bitten) > max(teeth[key] for key in middle.keys() - bitten) + 0.2
