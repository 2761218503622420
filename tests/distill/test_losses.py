"""The label loss against the same sums written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.controls import SPEECH_CONTROLS, closure, labiodental

pytest.importorskip("keras", reason="needs facelite[distill]")

from facelite.distill.losses import MEETING, WIDTH, label_loss


def test_the_loss_is_the_sum_it_says():
    rng = np.random.default_rng(2)
    target, curves = rng.uniform(0, 0.4, (2, 3, 20, len(SPEECH_CONTROLS))).astype(np.float32)
    spread = rng.uniform(0.001, 0.3, len(SPEECH_CONTROLS)).astype(np.float32)
    error = (curves - target) / np.maximum(spread, 0.03)
    expected = np.mean(error**2) + 0.4 * np.mean(np.diff(error, axis=1) ** 2)
    for measure, meeting in zip((closure, labiodental), MEETING, strict=True):
        told, answered = (
            1 / (1 + np.exp(-(measure(c, SPEECH_CONTROLS).astype(float) - meeting) / WIDTH)) for c in (target, curves)
        )
        divergence = told * np.log(told / answered) + (1 - told) * np.log((1 - told) / (1 - answered))
        expected += 0.7 * divergence.mean()
    loss = label_loss(SPEECH_CONTROLS, spread, velocity_weight=0.4, contact_weight=0.7)
    assert float(loss(target, curves)) == pytest.approx(float(expected), rel=1e-4)


def test_what_is_unsure_of_a_contact_is_decided_by_its_probability():
    """Of curves that do not depend on what is heard, those with the least loss say how often the lips are shut."""
    shut, apart = ({"mouthClose": 0.3, "jawOpen": 0.3, "mouthPressLeft": 0.5, "mouthPressRight": 0.5}, {"jawOpen": 0.6})
    poses = np.array([[pose.get(name, 0.0) for name in SPEECH_CONTROLS] for pose in (shut, apart)], np.float32)
    target = np.repeat(poses, (7, 3), axis=0)[None]
    loss = label_loss(
        SPEECH_CONTROLS, np.full(len(SPEECH_CONTROLS), 0.3, np.float32), velocity_weight=0.0, contact_weight=1e4
    )
    presses = np.linspace(0, 1.2, 121)
    losses = []
    for press in presses:
        curves = np.zeros_like(target)
        curves[..., SPEECH_CONTROLS.index("mouthPressLeft")] = press
        curves[..., SPEECH_CONTROLS.index("mouthPressRight")] = press
        losses.append(float(loss(target, curves)))
    best = 0.5 * presses[int(np.argmin(losses))]
    often = 0.7 / (1 + np.exp(-(0.25 - MEETING[0]) / WIDTH))
    assert best == pytest.approx(MEETING[0] + WIDTH * np.log(often / (1 - often)), abs=0.006)


def test_a_rig_without_those_lips_has_no_contacts():
    error = np.full((1, 5, 2), 0.3, np.float32)
    loss = label_loss(("gillLeft", "gillRight"), np.full(2, 0.3, np.float32), velocity_weight=0.5, contact_weight=1.0)
    assert float(loss(np.zeros_like(error), error)) == pytest.approx(1.0, rel=1e-5)
