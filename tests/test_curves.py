"""Curves at another frame rate: every frame that lies in the clip, counted exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from facelite.curves import Curves


@pytest.mark.parametrize("rate", [24, 25, 30, 50, 60, 90, 120, Fraction(30000, 1001)])
def test_frames_of_another_rate_fill_the_clip(rate):
    for frames in range(1, 2000):
        curves = Curves(np.zeros((frames, 1), np.float32), ("jawOpen",))
        wanted = (frames - 1) * Fraction(2, 125) * rate // 1 + 1
        assert len(curves.resample(float(rate)).values) == wanted, frames


def test_a_frame_at_the_very_end_is_the_last_one():
    """146 frames end at 2.32 s, where the 59th frame of 25 a second stands."""
    curves = Curves(np.arange(146, dtype=np.float32)[:, None], ("jawOpen",))
    assert curves.resample(25.0).values[-1, 0] == 145
