"""The neural teacher as ONNX answers what it answers in Keras, from samples to curves."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
from facelite.teachers.neural.export import export_onnx
from facelite.teachers.neural.model import TeacherConfig, build
from facelite.teachers.neural.teacher import NeuralTeacher
from facelite.teachers.registry import open_teacher

SMALL = TeacherConfig(
    controls=("jawOpen", "mouthClose", "mouthPucker"), front_channels=16, channels=24, width=20, heads=2, blocks=2
)


@pytest.fixture(scope="module", params=[("spectrum",), ("spectrum", "senones", "phones")], ids=["spectrum", "all"])
def teachers(request, tmp_path_factory):
    """A small teacher with weights of its own, and what opens its export."""
    folder = tmp_path_factory.mktemp("neural")
    keras.utils.set_random_seed(3)
    config = SMALL.model_copy(update={"ears": request.param})
    network = build(config)
    rng = np.random.default_rng(3)
    network.set_weights([w + rng.normal(0, 0.2, w.shape).astype(np.float32) for w in network.get_weights()])
    NeuralTeacher(network, config).save(folder)
    teacher = NeuralTeacher.open(folder)
    return teacher, open_teacher(f"onnx:{export_onnx(teacher, folder / 'exported')}")


@pytest.mark.parametrize("samples", [100, 511, 16000, 20011, 160000])
def test_any_length_of_audio_gives_the_same_curves(teachers, samples):
    ours, exported = teachers
    rng = np.random.default_rng(samples)
    audio = (rng.standard_normal(samples) * np.linspace(0, 0.3, samples)).astype(np.float32)
    expected, found = ours.animate(audio, 16000), exported.animate(audio, 16000)
    assert found.controls == expected.controls
    assert found.values.shape == expected.values.shape
    assert expected.values.std() > 0.005
    np.testing.assert_allclose(found.values, expected.values, atol=2e-3)


def test_silence_and_another_rate(teachers):
    ours, exported = teachers
    for audio, rate in ((np.zeros(8000, np.float32), 16000), (np.sin(np.arange(44100) / 30).astype(np.float32), 44100)):
        np.testing.assert_allclose(exported.animate(audio, rate).values, ours.animate(audio, rate).values, atol=2e-3)
