"""Ridge regression from its normal equations, gathered clip by clip in float64, solved for many strengths at once.

With features standardised (mean 0, variance 1) the answer is ``w = (S + r I)^-1 b``, where `S` is their correlation
matrix and `b` their covariance with the targets: Hoerl and Kennard 1970, equation 2.1, on the correlation form. One
eigendecomposition of `S` serves every strength `r`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRENGTHS: tuple[float, ...] = tuple(10.0 ** (step / 2) for step in range(-8, 7))
"""Tried when none is given: 1e-4 to 1000, two a decade, for features of unit variance."""

_DEAD = 1e-12


@dataclass(eq=False)
class Sums:
    """What least squares needs to know of frames of features [n, features] and targets [n, controls].

    Sums of two sets of frames add up to those of both, and part of them may be taken away again.
    """

    count: float
    features: NDArray[np.float64]
    targets: NDArray[np.float64]
    squares: NDArray[np.float64]
    products: NDArray[np.float64]
    energies: NDArray[np.float64]

    @classmethod
    def empty(cls, features: int, controls: int) -> Sums:
        """No frames."""
        shapes = (features, controls, (features, features), (features, controls), controls)
        return cls(0.0, *(np.zeros(shape) for shape in shapes))

    def add(self, features: NDArray, targets: NDArray) -> None:
        """Take in frames: features [n, features] and targets [n, controls]."""
        x, y = np.asarray(features, np.float64), np.asarray(targets, np.float64)
        self.count += len(x)
        self.features += x.sum(0)
        self.targets += y.sum(0)
        self.squares += x.T @ x
        self.products += x.T @ y
        self.energies += (y**2).sum(0)

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(mine + theirs for mine, theirs in self._pairs(other)))

    def __sub__(self, other: Sums) -> Sums:
        return Sums(*(mine - theirs for mine, theirs in self._pairs(other)))

    def _pairs(self, other: Sums) -> list[tuple[Any, Any]]:
        return [(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)]

    def error(self, weights: NDArray, bias: NDArray) -> NDArray[np.float64]:
        """Summed squared error of ``features @ weights + bias`` over these frames, float64 [controls]."""
        quadratic = np.einsum("fc,fc->c", weights, self.squares @ weights) + self.count * bias**2
        crossed = np.einsum("fc,fc->c", weights, self.products) + bias * self.targets
        return self.energies + quadratic - 2 * crossed + 2 * bias * (self.features @ weights)


@dataclass(frozen=True, eq=False)
class Solver:
    """Answers for any strength, from one decomposition."""

    scale: NDArray[np.float64]
    values: NDArray[np.float64]
    vectors: NDArray[np.float64]
    rotated: NDArray[np.float64]
    feature_mean: NDArray[np.float64]
    target_mean: NDArray[np.float64]

    @classmethod
    def of(cls, sums: Sums) -> Solver:
        """Decompose the correlation matrix of `sums`; features that never change get no weight."""
        mean, target_mean = sums.features / sums.count, sums.targets / sums.count
        covariance = sums.squares / sums.count - np.outer(mean, mean)
        spread = np.sqrt(np.maximum(covariance.diagonal(), 0))
        alive = spread > _DEAD + 1e-6 * np.abs(mean)
        scale = np.where(alive, 1 / np.where(alive, spread, 1), 0)
        values, vectors = np.linalg.eigh(covariance * scale[:, None] * scale)
        crossed = scale[:, None] * (sums.products / sums.count - np.outer(mean, target_mean))
        return cls(scale, np.maximum(values, 0), vectors, vectors.T @ crossed, mean, target_mean)

    def solve(self, strength: float | NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights [features, controls] and bias [controls]; `strength` is one, or one a control."""
        shrunk = self.rotated / (self.values[:, None] + np.broadcast_to(strength, self.target_mean.shape))
        weights = self.scale[:, None] * (self.vectors @ shrunk)
        return weights, self.target_mean - self.feature_mean @ weights


def total(folds: Sequence[Sums]) -> Sums:
    """All frames of all folds."""
    return reduce(Sums.__add__, folds)


def choose_strengths(folds: Sequence[Sums], strengths: Sequence[float] = STRENGTHS) -> NDArray[np.float64]:
    """The strength that errs least over folds each judged by a fit to the others, float64 [controls]."""
    whole = total(folds)
    errors = np.zeros((len(strengths), len(whole.targets)))
    for fold in folds:
        solver = Solver.of(whole - fold)
        errors += [fold.error(*solver.solve(strength)) for strength in strengths]
    return np.asarray(strengths)[errors.argmin(0)]
