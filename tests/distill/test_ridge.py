"""Ridge regression from sums of frames, against scikit-learn on the frames themselves."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.distill.ridge import Solver, Sums, choose_strengths, total
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

STRENGTHS = (1e-3, 0.1, 1.0, 30.0)


def _frames(seed: int, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Correlated features of very different sizes, one of them constant; two targets, one of them mostly noise."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((count, 12)) @ rng.standard_normal((12, 12)) * np.logspace(-3, 2, 12) + 5
    features[:, 3] = 0.25
    weights = np.random.default_rng(9).standard_normal((12, 2)) / np.logspace(-3, 2, 12)[:, None]
    return features, features @ weights + rng.standard_normal((count, 2)) * (1, 300)


def _sums(features: np.ndarray, targets: np.ndarray) -> Sums:
    sums = Sums.empty(features.shape[1], targets.shape[1])
    for start in range(0, len(features), 37):
        sums.add(features[start : start + 37], targets[start : start + 37])
    return sums


@pytest.mark.parametrize("strength", STRENGTHS)
def test_the_answer_is_scikit_learns(strength):
    features, targets = _frames(1)
    weights, bias = Solver.of(_sums(features, targets)).solve(strength)
    scaler = StandardScaler().fit(features)
    known = Ridge(alpha=strength * len(features), solver="svd").fit(scaler.transform(features), targets)
    other, _ = _frames(2)
    np.testing.assert_allclose(other @ weights + bias, known.predict(scaler.transform(other)), rtol=1e-6, atol=1e-5)
    assert (weights[3] == 0).all()


def test_the_error_is_that_of_the_frames():
    features, targets = _frames(3)
    weights, bias = Solver.of(_sums(features, targets)).solve(0.1)
    other, wanted = _frames(4)
    expected = ((other @ weights + bias - wanted) ** 2).sum(0)
    np.testing.assert_allclose(_sums(other, wanted).error(weights, bias), expected, rtol=1e-6)


def test_each_control_gets_the_strength_that_errs_least_on_what_was_left_out():
    parts = [_frames(seed, 40) for seed in range(5, 9)]
    errors = np.zeros((len(STRENGTHS), 2))
    for left_out, (features, targets) in enumerate(parts):
        rest = [part for index, part in enumerate(parts) if index != left_out]
        scaler = StandardScaler().fit(np.concatenate([x for x, _ in rest]))
        heard, wanted = scaler.transform(np.concatenate([x for x, _ in rest])), np.concatenate([y for _, y in rest])
        for index, strength in enumerate(STRENGTHS):
            known = Ridge(alpha=strength * len(heard), solver="svd").fit(heard, wanted)
            errors[index] += ((known.predict(scaler.transform(features)) - targets) ** 2).sum(0)
    chosen = choose_strengths([_sums(*part) for part in parts], STRENGTHS)
    np.testing.assert_array_equal(chosen, np.asarray(STRENGTHS)[errors.argmin(0)])
    assert chosen[1] > chosen[0]


def test_sums_add_up_and_come_apart():
    first, second = _sums(*_frames(1)), _sums(*_frames(2))
    both = total([first, second])
    joined = _sums(*(np.concatenate(pair) for pair in zip(_frames(1), _frames(2), strict=True)))
    np.testing.assert_allclose(both.squares, joined.squares, rtol=1e-9)
    np.testing.assert_allclose((both - second).products, first.products, rtol=1e-6, atol=1e-6)
    assert both.count == 800
