"""Calibration must give back mean and spread, and folding it must change every answer alike."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.distill.calibrate import LARGEST_GAIN, fit


@pytest.fixture(scope="module")
def curves():
    """A teacher of bursts, and a student that answers with half of each burst and a floor of noise."""
    rng = np.random.default_rng(0)
    bursts = (rng.random((5000, 3)) < 0.1).astype(np.float32)
    teacher = bursts * np.array([0.5, 0.2, 0.0], np.float32)
    student = teacher * 0.5 + 0.02 + 0.01 * rng.standard_normal(teacher.shape).astype(np.float32)
    return student, teacher


def test_mean_and_spread_become_the_teachers(curves):
    student, teacher = curves
    calibration = fit(student, teacher)
    answer = np.maximum(student * calibration.gain + calibration.offset, 0)
    assert np.allclose(answer.mean(0)[:2], teacher.mean(0)[:2], atol=1e-3)
    assert np.allclose(answer.std(0)[:2], teacher.std(0)[:2], rtol=0.02)


def test_what_answers_too_little_keeps_its_rest(curves):
    """A mean that falls short is not made up for in the silences."""
    student, teacher = curves
    calibration = fit(student - 0.05, teacher)
    assert (calibration.offset <= 0).all()
    answer = np.maximum((student - 0.05) * calibration.gain + calibration.offset, 0)
    assert (answer[teacher == 0] == 0).mean() > 0.99


def test_a_control_at_rest_is_left_alone(curves):
    calibration = fit(*curves)
    assert (calibration.gain[2], calibration.offset[2]) == (1, 0)


def test_a_student_that_knows_nothing_is_not_amplified_without_bound():
    rng = np.random.default_rng(1)
    teacher = rng.random((1000, 1)).astype(np.float32)
    calibration = fit(1e-3 * rng.standard_normal((1000, 1)).astype(np.float32), teacher)
    assert calibration.gain[0] == pytest.approx(LARGEST_GAIN, rel=1e-3)


def test_folding_equals_applying(curves):
    calibration = fit(*curves)
    rng = np.random.default_rng(2)
    kernel, bias = rng.standard_normal((16, 8, 3)), rng.standard_normal(3)
    x = rng.standard_normal((40, 16, 8))
    plain = np.einsum("nkc,kco->no", x, kernel) + bias
    folded_kernel, folded_bias = calibration.head(kernel, bias)
    folded = np.einsum("nkc,kco->no", x, folded_kernel) + folded_bias
    assert np.allclose(folded, plain * calibration.gain + calibration.offset, atol=1e-4)
