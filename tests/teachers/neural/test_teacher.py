"""The neural teacher as others use it: opened from a folder, any length of audio, faults named."""

from __future__ import annotations

import json

import numpy as np
import pytest
from facelite.distill.calibrate import Calibration
from facelite.errors import BadInput

pytest.importorskip("keras", reason="needs facelite[distill]")

from facelite.teachers.neural import features
from facelite.teachers.neural import teacher as module
from facelite.teachers.neural.model import TeacherConfig, build
from facelite.teachers.neural.teacher import NeuralTeacher, pieces
from facelite.teachers.protocol import Teacher

CONTROLS = ("jawOpen", "mouthClose", "mouthPucker")


@pytest.fixture(scope="module")
def teacher() -> NeuralTeacher:
    """Random weights, the head included, and a calibration."""
    config = TeacherConfig(controls=CONTROLS, front_channels=8, channels=16, width=20, heads=2, blocks=1)
    model = build(config)
    rng = np.random.default_rng(3)
    model.set_weights([(w + 0.3 * rng.standard_normal(w.shape)).astype(np.float32) for w in model.get_weights()])
    gain, offset = (np.array(values, np.float32) for values in ([1.0, 1.5, 2.0], [0.5, 0.0, 0.1]))
    return NeuralTeacher(model, config, Calibration(gain, offset))


def _noise(samples: int) -> np.ndarray:
    return (np.random.default_rng(samples).standard_normal(samples) * 0.1).astype(np.float32)


@pytest.mark.parametrize("samples", [1, 256, 257, 5000])
def test_it_is_a_teacher_with_a_frame_for_every_hop(teacher, samples):
    curves = teacher.animate(_noise(samples), 16000)
    assert isinstance(teacher, Teacher)
    assert curves.controls == CONTROLS
    assert curves.values.shape == (-(-samples // 256), 3)
    assert curves.values.min() >= 0


def test_another_sample_rate_gives_the_same_number_of_frames(teacher):
    assert len(teacher.animate(_noise(48000), 48000).values) == len(teacher.animate(_noise(16000), 16000).values)


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [(features, "CENTRE", 3.0), (features, "FLOOR", 1e-6), (module, "PIECE", 1000), (module, "ARITHMETIC", 2)],
)
def test_the_fingerprint_follows_all_that_decides_an_answer(teacher, monkeypatch, where, name, value):
    before = teacher.fingerprint()
    monkeypatch.setattr(where, name, value)
    assert teacher.fingerprint() != before


def test_what_is_saved_answers_alike(teacher, tmp_path):
    teacher.save(tmp_path)
    opened = NeuralTeacher.open(tmp_path)
    audio = _noise(8000)
    expected = teacher.linear(audio)
    assert np.abs(opened.linear(audio) - expected).max() < 5e-3 * np.abs(expected).max()
    assert opened.fingerprint() == NeuralTeacher.open(tmp_path).fingerprint()
    assert opened.fingerprint() != teacher.fingerprint()


def test_long_audio_is_heard_in_pieces_that_join(teacher, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 400)
    shares = np.zeros(1333, np.float32)
    for first, last, weight in pieces(1333):
        assert last - first <= 400
        assert first % 2 == 0, "pairs of frames would shift"
        shares[first:last] += weight
    assert np.allclose(shares, 1.0)
    curves = teacher.linear(_noise(1333 * 256))
    jump = np.abs(np.diff(curves, axis=0)).max(1)
    joints = [first + module.OVERLAP // 2 for first, _, _ in pieces(1333)[1:]]
    assert max(jump[joint - 2 : joint + 2].max() for joint in joints) <= jump.max()
    assert np.isfinite(curves).all()


def test_faults_are_named(teacher, tmp_path):
    with pytest.raises(BadInput, match="holds no neural teacher"):
        NeuralTeacher.open(tmp_path)
    teacher.save(tmp_path)
    config = json.loads((tmp_path / module.CONFIG).read_text("utf-8"))
    (tmp_path / module.CONFIG).write_text(json.dumps(config | {"blocks": 2}), "utf-8")
    with pytest.raises(BadInput, match="does not fit"):
        NeuralTeacher.open(tmp_path)
    (tmp_path / module.CONFIG).write_text(json.dumps(config | {"block": 2}), "utf-8")
    with pytest.raises(BadInput, match="block"):
        NeuralTeacher.open(tmp_path)
    (tmp_path / module.CONFIG).write_text(json.dumps(config), "utf-8")
    for damaged in (b"PK\x03\x04 cut", b""):
        (tmp_path / module.WEIGHTS).write_bytes(damaged)
        with pytest.raises(BadInput, match="cannot be read"):
            NeuralTeacher.open(tmp_path)
