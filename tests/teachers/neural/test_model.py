"""The network's ears."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from facelite.teachers.neural.features import BINS, width
from facelite.teachers.neural.model import TeacherConfig, build
from facelite.teachers.neural.senones import score


def test_the_phones_ear_gives_the_mean_of_a_pose_for_each_phone():
    """Whatever surrounds them: poses over 72 ms, weighted with the probabilities that the senones say."""
    rng = np.random.default_rng(5)
    network = build(TeacherConfig(controls=("jawOpen", "mouthClose"), ears=("phones",)))
    poses, rest = rng.random((9, score.PHONES, 2), np.float32), rng.random(2, np.float32)
    network.set_weights([poses, rest])
    state = rng.dirichlet(np.full(score.COUNT, 0.05), 40)
    levels = np.log(np.maximum(state, np.exp(score.LOWEST))) / score.HALF_RANGE + 1
    heard = np.concatenate([rng.standard_normal((40, BINS)), levels], 1).astype(np.float32)
    assert heard.shape[1] == width(senones=True)
    phone = np.maximum(state, np.exp(score.LOWEST)).reshape(40, score.PHONES, 3).sum(2)
    padded = np.pad(phone, ((3, 4), (0, 0)))  # as TensorFlow pads a stride of 2 over an even number of frames
    expected = [rest + np.einsum("tp,tpc->c", padded[2 * frame : 2 * frame + 9], poses) for frame in range(20)]
    np.testing.assert_allclose(network.predict_on_batch(heard[None])[0], expected, atol=1e-4)


def test_a_teacher_takes_the_ears_that_it_lacks():
    spectrum, both = TeacherConfig(), TeacherConfig(ears=("spectrum", "senones"), senone_channels=8)
    every = TeacherConfig(ears=("spectrum", "senones", "phones"), senone_channels=16)
    assert spectrum.with_ears_of(every) == every
    assert both.with_ears_of(every).ears == every.ears
    assert both.with_ears_of(every).senone_channels == 8
    assert every.with_ears_of(spectrum) == every


def test_an_ear_that_is_named_twice_is_refused():
    with pytest.raises(ValueError, match="names an ear twice"):
        TeacherConfig(ears=("spectrum", "spectrum"))
