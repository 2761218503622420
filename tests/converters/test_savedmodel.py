"""SavedModel folders: a Keras student's export, and ones that reach for more than their input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from facelite import BadInput, Unsupported, companding, reference
from facelite.converters.backends import tflite
from facelite.converters.bundle import convert, load_graph
from facelite.converters.frontends import onnx as onnx_frontend
from facelite.converters.frontends import savedmodel
from facelite.converters.lower import lower
from facelite.spec import StudentSpec


@pytest.fixture(scope="module")
def student():
    """Dilation, a residual, a normalisation, one channel alone, and a head whose biases are zeros."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(8)
    x = waveform = keras.Input((400, 1))
    x = layers.Conv1D(6, 16, 4, activation="relu", bias_initializer="ones")(x)
    y = layers.BatchNormalization()(layers.Conv1D(6, 3, dilation_rate=3)(x))
    x = layers.Add()([layers.LeakyReLU(0.2)(y), layers.Cropping1D((4, 2))(x)])
    x = layers.Conv1D(1, 5, activation="relu", bias_initializer="ones", name="single")(x)
    return keras.Model(waveform, layers.Dense(3, activation="sigmoid")(layers.Flatten()(x)))


@pytest.fixture(scope="module")
def exported(student, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    student.export(folder / "student", verbose=False)
    (folder / "student.toml").write_text('name = "saved"\nlookahead = 0\ncontrols = ["a", "b", "c"]\n')
    return folder / "student"


def test_graph_gives_what_keras_gives(student, exported, signals):
    spec = StudentSpec(name="saved", lookahead=0, controls=["a", "b", "c"])
    graph = lower(onnx_frontend.network(savedmodel.load(exported), exported), spec)
    for start in range(0, 40000, 9000):
        window = companding.decode(signals["speech"][start : start + 400])
        expected = student(window[None, :, None]).numpy().ravel()
        assert np.abs(reference.run_window(graph, window) - expected).max() < 1e-5


def test_it_becomes_a_proved_bundle(exported, tmp_path):
    assert convert(exported, tmp_path / "out")["proof"]["holds"]


def test_one_channel_and_no_bias_by_tfliteconverter_too(student, exported, signals, tmp_path):
    """TFLiteConverter leaves the bias of one channel as an ADD, and biases of zeros out."""
    windows = [companding.decode(signals["speech"][start : start + 400]) for start in range(0, 40000, 1700)]
    (tmp_path / "student.tflite").write_bytes(tflite.convert(student, windows))
    facts = convert(tmp_path / "student.tflite", tmp_path / "out", exported.with_name("student.toml"))
    assert facts["proof"]["holds"]
    assert [row["kind"] for row in facts["layers"] if row["name"].startswith("single")] == ["conv", "map"]
    assert load_graph(tmp_path / "out").hop == 4


def test_operators_that_reach_outside_are_refused_before_loading(tmp_path):
    import tensorflow as tf

    class Writes(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 64, 1], tf.float32)])
        def serve(self, waveform):
            tf.io.write_file(str(tmp_path / "written"), "by the model")
            return waveform[:, 0, :]

    module = Writes()
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.serve)
    with pytest.raises(Unsupported, match="WriteFile"):
        savedmodel.load(tmp_path / "model")
    assert not (tmp_path / "written").exists()


def test_tables_which_are_filled_on_loading_are_refused(tmp_path):
    import tensorflow as tf

    class Looks(tf.Module):
        def __init__(self):
            super().__init__()
            keys = tf.constant([1], tf.int64)
            self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, keys), -1)

        @tf.function(input_signature=[tf.TensorSpec([None, 64, 1], tf.float32)])
        def serve(self, waveform):
            return waveform[:, 0, :] * tf.cast(self.table.lookup(tf.constant([1], tf.int64)), tf.float32)

    module = Looks()
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.serve)
    with pytest.raises(BadInput, match="resource"):
        savedmodel.load(tmp_path / "model")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_what_was_cut_short_is_refused(exported, share, tmp_path):
    whole = (exported / savedmodel.FILE_NAME).read_bytes()
    (tmp_path / savedmodel.FILE_NAME).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(BadInput) as refused:
        savedmodel.load(tmp_path)
    assert "\n" not in str(refused.value)
