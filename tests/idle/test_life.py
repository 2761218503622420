"""Idle life blinks as often as people do, looks about a little, and lifts its brows when speech gets louder."""

from __future__ import annotations

import numpy as np
from facelite import idle
from facelite.idle import Life
from facelite.idle.life import BLINKS, BROWS, CONTROLS, FARTHEST
from facelite.student import load

MINUTE = int(60 * 62.5)


def frames(loudness, seed: int = 1) -> np.ndarray:
    life = Life(seed)
    return np.array([life.step(float(one)) for one in loudness])


def blinks(moved: np.ndarray) -> int:
    """How often the lids reach each other."""
    shut = moved[:, 0] == 1
    return int((shut[1:] & ~shut[:-1]).sum())


def test_it_blinks_as_often_as_people_at_rest_and_in_conversation():
    for kind, loudness in (("resting", 0.0), ("talking", 0.1)):
        counts = [blinks(frames(np.full(10 * MINUTE, loudness), seed)) / 10 for seed in range(1, 6)]
        # A blink keeps the next away for 0.9 s, so they are fewer than the process alone would make.
        expected = 1 / (1 / BLINKS[kind] + 56 / MINUTE)
        assert abs(np.mean(counts) - expected) < 0.15 * expected


def test_weights_are_small_and_move_without_jumps():
    moved = frames(np.abs(np.random.default_rng(0).normal(0, 0.1, 20 * MINUTE)))
    looks = [CONTROLS.index(name) for name in CONTROLS if "Look" in name]
    brows = [CONTROLS.index(name) for name in CONTROLS if "brow" in name]
    assert moved.min() >= 0
    assert moved[:, looks].max() <= FARTHEST + 0.1
    assert moved[:, brows].max() <= BROWS
    assert np.abs(np.diff(moved[:, brows], axis=0)).max() < 0.03
    assert np.abs(np.diff(moved[:, 0])).max() < 0.36


def test_brows_rise_with_emphasis_and_rest_in_silence():
    quiet, loud = np.full(600, 0.05), np.full(40, 0.25)
    moved = frames(np.concatenate([quiet, loud, quiet, np.zeros(600)]))
    brow = moved[:, CONTROLS.index("browInnerUp")]
    assert brow[600:680].max() > 0.1
    assert brow[500:600].max() < 0.05
    assert brow[-1] < 1e-6


def test_a_seed_is_a_life():
    same, other = frames(np.zeros(5000), 7), frames(np.zeros(5000), 8)
    np.testing.assert_array_equal(same, frames(np.zeros(5000), 7))
    assert (same != other).any()


def test_it_adds_the_controls_that_a_student_lacks(shipped_bundle):
    student = load(shipped_bundle)
    pcm = np.zeros(16000, np.float32)
    values, controls = idle.animate(student, pcm, idle=True)
    assert controls == (*student.controls, *CONTROLS)
    assert values.shape == (63, len(controls))
    np.testing.assert_array_equal(values[:, : len(student.controls)], idle.animate(student, pcm)[0])
