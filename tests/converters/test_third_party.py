"""int8 TFLite files from other people's converter calls: read as they are, or refused by name."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from facelite import Unsupported, reference
from facelite.converters.backends import blob
from facelite.converters.bundle import convert
from facelite.converters.frontends import tflite as frontend
from facelite.converters.lower import lower
from facelite.requantise import RESCALED_INPUT, map_table
from facelite.spec import StudentSpec
from facelite.student import Student


def spec(controls: int) -> StudentSpec:
    return StudentSpec(name="theirs", lookahead=0, controls=[f"c{index}" for index in range(controls)])


@pytest.fixture(scope="module")
def plain_call():
    """`plain_call(model, peak)`: int8 by the call of TensorFlow's guide, batch size open, calibrated up to `peak`."""

    def call(model, peak: float) -> bytes:
        import tensorflow as tf

        rng = np.random.default_rng(1)
        windows = rng.uniform(-peak, peak, (8, 1, *model.input_shape[1:])).astype(np.float32)
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([window] for window in windows)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return converter.convert()

    return call


def keras_model(*tail: str):
    """A student with dilation, a residual and, as named, layers that are less common."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(11)
    x = waveform = keras.Input((700, 1))
    x = layers.Conv1D(6, 20, 4, activation="relu")(x)
    y = layers.Conv1D(6, 3, dilation_rate=3, activation="tanh")(x)
    x = layers.Add()([y, layers.Cropping1D((4, 2))(x)])
    x = layers.Conv1D(8, 5, 3)(x)
    for layer in tail:
        x = {
            "lstm": lambda x: layers.LSTM(4)(x),
            "attention": lambda x: layers.MultiHeadAttention(2, 4)(x, x),
            "same": lambda x: layers.Conv1D(4, 5, padding="same", name="padded")(x),
            "max": lambda x: layers.MaxPooling1D(2)(x),
            "softmax": lambda x: layers.Softmax()(x),
            "flatten": lambda x: layers.Flatten()(x),
            "dense": lambda x: layers.Dense(3)(x),
        }[layer](x)
    return keras.Model(waveform, x)


@pytest.mark.parametrize("peak", [1.0, 0.31])
def test_their_scale_is_kept_and_every_value_equal(plain_call, peak, signals, litert, tmp_path):
    model = plain_call(keras_model("flatten", "dense"), peak)
    (tmp_path / "theirs.tflite").write_bytes(model)
    graph = lower(frontend.load(tmp_path / "theirs.tflite"), spec(3))
    theirs = litert(model)
    scale, zero_point = theirs.inputs[0]["quantization"]
    assert graph.ops[0].name == RESCALED_INPUT
    assert (graph.tensors[1].quant.scale, graph.tensors[1].quant.zero_point) == (scale, zero_point)
    for codes in signals.values():
        window = codes[5000:5700]
        given = map_table(graph.ops[0], graph)[window.astype(int) + 128]
        assert np.abs(given - np.clip(np.rint(window / 127 / scale) + zero_point, -128, 127)).max() <= 1
        assert np.array_equal(theirs(given).ravel(), reference.run_window(graph, window))
    assert Student(blob.pack(graph)).hop == graph.hop


def test_their_file_becomes_a_proved_bundle(plain_call, tmp_path):
    (tmp_path / "theirs.tflite").write_bytes(plain_call(keras_model("flatten", "dense"), 0.4))
    (tmp_path / "student.toml").write_text('name = "theirs"\nlookahead = 0\ncontrols = ["a", "b", "c"]\n')
    facts = convert(tmp_path / "theirs.tflite", tmp_path / "out")
    assert facts["proof"]["holds"]
    assert {row["runtime"] for row in facts["proof"]["rows"]} > {"NumPy oracle", "C kernel, ref"}


@pytest.mark.parametrize(
    ("tail", "named"),
    [
        (["attention", "flatten", "dense"], ["attention"]),
        (["same", "flatten"], ["padded", "padding SAME"]),
        (["max", "flatten"], ["MAX_POOL_2D"]),
        (["same", "max", "flatten", "dense", "softmax"], ["padded", "MAX_POOL_2D", "SOFTMAX", "[1, 3]"]),
    ],
)
def test_what_has_no_place_is_named_all_at_once(plain_call, tail, named, tmp_path):
    (tmp_path / "theirs.tflite").write_bytes(plain_call(keras_model(*tail), 1.0))
    with pytest.raises(Unsupported) as refused:
        lower(frontend.load(tmp_path / "theirs.tflite"), spec(3))
    assert all(word in str(refused.value) for word in [*named, "supported:", "theirs.tflite"])
    assert "\n" not in str(refused.value)
