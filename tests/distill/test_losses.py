"""The label loss against the same sums written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.controls import SPEECH_CONTROLS, closure, labiodental

pytest.importorskip("keras", reason="needs facelite[distill]")

from facelite.distill.losses import label_loss


def test_the_loss_is_the_sum_it_says():
    rng = np.random.default_rng(2)
    target, curves = rng.random((2, 3, 20, len(SPEECH_CONTROLS)), np.float32)
    spread = rng.uniform(0.001, 0.3, len(SPEECH_CONTROLS)).astype(np.float32)
    terms = [(curves - target) / np.maximum(spread, 0.03)]
    for measure in (closure, labiodental):
        weights = measure(np.eye(len(SPEECH_CONTROLS), dtype=np.float32), SPEECH_CONTROLS)
        size = max(np.linalg.norm(weights * spread), 0.03)
        errors = [measure(c - t, SPEECH_CONTROLS) for c, t in zip(curves, target, strict=True)]
        terms.append(np.stack(errors) / size)
    shares = (1.0, 0.7, 0.7)
    expected = sum(
        w * (np.mean(e**2) + 0.4 * np.mean(np.diff(e, axis=1) ** 2)) for w, e in zip(shares, terms, strict=True)
    )
    loss = label_loss(SPEECH_CONTROLS, spread, velocity_weight=0.4, contact_weight=0.7)
    assert float(loss(target, curves)) == pytest.approx(float(expected), rel=1e-4)


def test_a_rig_without_those_lips_has_no_contacts():
    error = np.full((1, 5, 2), 0.3, np.float32)
    loss = label_loss(("gillLeft", "gillRight"), np.full(2, 0.3, np.float32), velocity_weight=0.5, contact_weight=1.0)
    assert float(loss(np.zeros_like(error), error)) == pytest.approx(1.0, rel=1e-5)
