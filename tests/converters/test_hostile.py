"""Damaged and hostile model files end in one line, quickly, and with nothing written."""

from __future__ import annotations

import contextlib
import json
import shutil
import zipfile

import facelite
import numpy as np
import pytest
from facelite import BadInput, FaceliteError
from facelite.converters.bundle import convert
from facelite.converters.frontends import keras as keras_frontend
from facelite.converters.frontends import tflite as frontend
from facelite.converters.lower import lower
from facelite.spec import StudentSpec

EXTREMES = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
SPEC = StudentSpec(name="x", lookahead=0, controls=["jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "tongueOut"])


@pytest.fixture
def model(small_bundle) -> bytes:
    return (small_bundle / "student_int8.tflite").read_bytes()


def read(data: bytes, folder) -> None:
    path = folder / "hostile.tflite"
    path.write_bytes(data)
    lower(frontend.load(path), SPEC)


def assert_refused_or_read(data: bytes, folder) -> None:
    """Any exception but facelite's own leaves the test."""
    with contextlib.suppress(FaceliteError):
        read(data, folder)


def test_every_truncation_is_refused(model, tmp_path):
    for length in [*range(0, 64), *np.linspace(64, len(model) - 1, 100, dtype=int)]:
        with pytest.raises(BadInput, match=r"hostile\.tflite"):
            read(model[:length], tmp_path)


def test_flipped_bits_are_refused_or_harmless(model, tmp_path):
    """A flip in a weight is another model; one in the structure must end in our error, not in another's."""
    rng = np.random.default_rng(5)
    weights_end = len(model) * 9 // 10
    positions = [*rng.integers(0, len(model), 150), *rng.integers(weights_end, len(model), 350)]
    for position in positions:
        damaged = bytearray(model)
        damaged[position] ^= 1 << int(rng.integers(8))
        assert_refused_or_read(bytes(damaged), tmp_path)


def test_random_words_in_the_structure_are_refused_or_harmless(model, tmp_path):
    """Offsets, lengths and sizes overwritten with extremes."""
    rng = np.random.default_rng(6)
    for position in rng.integers(0, len(model) // 4, 300) * 4:
        damaged = bytearray(model)
        damaged[position : position + 4] = int(rng.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])).to_bytes(
            4, "little"
        )
        assert_refused_or_read(bytes(damaged), tmp_path)


def huge_shape(file) -> bytes:
    x, y = file.tensor([1, 2**30, 2**30], 1 / 127), file.tensor([1, 4], 1.0)
    file.op("RESHAPE", [x], y)
    return file.build([x], y)


def cyclic(file) -> bytes:
    x, a, b = file.tensor([1, 64, 1], 1 / 127), file.tensor([1, 64, 1], 1.0), file.tensor([1, 64, 1], 1.0)
    file.op("ADD", [x, b], a, "AddOptions")
    file.op("TANH", [a], b)
    return file.build([x], b)


def no_scale(file) -> bytes:
    x, y = file.tensor([1, 64, 1], 1 / 127), file.tensor([1, 64, 1])
    file.op("TANH", [x], y)
    return file.build([x], y)


def scale_not_a_number(file) -> bytes:
    x, y = file.tensor([1, 64, 1], 1 / 127), file.tensor([1, 64, 1], float("nan"))
    file.op("TANH", [x], y)
    return file.build([x], y)


def scale_changed_by_a_reshape(file) -> bytes:
    x, y = file.tensor([1, 64, 1], 1 / 127), file.tensor([1, 64], 1 / 100)
    z = file.tensor([1, 5], 1.0)
    w = file.tensor([5, 64], 1.0, data=np.ones((5, 64), np.int8))
    file.op("RESHAPE", [x], y)
    file.op("FULLY_CONNECTED", [y, w], z, "FullyConnectedOptions")
    return file.build([x], z)


def short_weights(file) -> bytes:
    x, y = file.tensor([1, 64], 1 / 127), file.tensor([1, 5], 1.0)
    w = file.tensor([5, 64], 1.0, data=np.ones(7, np.int8))
    file.op("FULLY_CONNECTED", [x, w], y, "FullyConnectedOptions")
    return file.build([x], y)


def missing_tensor(file) -> bytes:
    x, y = file.tensor([1, 64, 1], 1 / 127), file.tensor([1, 64, 1], 1.0)
    file.op("TANH", [99], y)
    return file.build([x], y)


def window_left_whole(file) -> bytes:
    x, y = file.tensor([1, 64, 1], 1 / 127), file.tensor([1, 64, 1], 1 / 128)
    file.op("TANH", [x], y)
    return file.build([x], y)


def overflowing(file) -> bytes:
    x, y = file.tensor([1, 64], 1 / 127), file.tensor([1, 5], 1e-9)
    w = file.tensor([5, 64], 1.0, data=np.full((5, 64), 127, np.int8))
    file.op("FULLY_CONNECTED", [x, w], y, "FullyConnectedOptions")
    return file.build([x], y)


def recurrent(file) -> bytes:
    x, y = file.tensor([1, 64, 1], 1 / 127), file.tensor([1, 5], 1.0)
    file.op("UNIDIRECTIONAL_SEQUENCE_LSTM", [x], y)
    return file.build([x], y)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (huge_shape, "shape"),
        (cyclic, "order"),
        (no_scale, "scale"),
        (scale_not_a_number, "scale"),
        (scale_changed_by_a_reshape, "scale"),
        (short_weights, "7 bytes"),
        (missing_tensor, "does not exist"),
        (window_left_whole, "64 frames"),
        (overflowing, "overflow"),
        (recurrent, "recurrence"),
    ],
)
def test_senseless_files_are_refused_for_what_they_are(make, said, tflite_file, tmp_path):
    with pytest.raises(BadInput, match=said) as refused:
        read(make(tflite_file), tmp_path)
    assert "\n" not in str(refused.value)


def rewritten(source, path, change) -> None:
    """A copy of a .keras file whose configuration `change` has edited."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for entry in old.namelist():
            data = old.read(entry)
            if entry == "config.json":
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            new.writestr(entry, data)


def first_conv(config) -> dict:
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Conv1D")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: first_conv(c)["config"].update(padding="causal"), "front8.*padding 'causal'"),
        (lambda c: first_conv(c)["config"].update(activation="gelu"), "front8.*gelu"),
        (lambda c: first_conv(c)["config"].update(filters=10**9), "weights"),
        (lambda c: first_conv(c).update(class_name="GRU"), "front8 .GRU: recurrence"),
        (lambda c: first_conv(c).update(class_name="MultiHeadAttention"), "attention"),
        (lambda c: first_conv(c).update(class_name="Lambda"), "Lambda: not a layer of a student"),
        (lambda c: first_conv(c).update(class_name="Conv1D", module="evil"), "not a layer of a student"),
        (lambda c: c.pop("config"), "configuration"),
        (lambda c: c["config"].update(layers=7), "configuration"),
    ],
)
def test_keras_configurations_are_checked_before_anything_is_built(change, said, small_student, tmp_path):
    path = tmp_path / "hostile.keras"
    rewritten(small_student, path, change)
    with pytest.raises(BadInput, match=said) as refused:
        keras_frontend.load(path)
    assert "\n" not in str(refused.value)


def test_keras_files_that_were_cut_short_are_refused(small_student, tmp_path):
    data = small_student.read_bytes()
    for share in (0, 0.1, 0.5, 0.9, 0.999):
        path = tmp_path / "cut.keras"
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(BadInput, match=r"cut\.keras"):
            keras_frontend.load(path)


def test_a_lambda_layer_is_never_run(small_student, tmp_path):
    """Keras would refuse it in safe mode; it does not even get that far."""
    import keras

    x = waveform = keras.Input((64, 1))
    x = keras.layers.Lambda(lambda value: value * 2, output_shape=(64, 1), name="code")(x)
    keras.Model(waveform, keras.layers.Flatten()(x)).save(tmp_path / "code.keras")
    with pytest.raises(facelite.Unsupported, match=r"code .Lambda"):
        keras_frontend.load(tmp_path / "code.keras")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nlookahed = 5\ncontrols = ["a"]', "lookahed is an unknown key; did you mean lookahead"),
        ('name = "x"\nlookahead = 5\ncontrols = ["a"]', "names 1 controls"),
        ('name = "x"\nlookahead = 2048\ncontrols = ["a","b","c","d","e"]', "lookahead is 2048"),
        ('name = "x"\nlookahead = 1\ncontrols = ["a","b","c","d","a"]', "names a more than once"),
        ('name = "x"\nlookahead = "soon"\ncontrols = ["a"]', "lookahead"),
        ("name = ", "not TOML"),
        (None, "student.toml"),
    ],
)
def test_specs_are_held_against_the_model(text, said, small_student, tmp_path):
    source = tmp_path / "in" / "student.keras"
    source.parent.mkdir()
    shutil.copy(small_student, source)
    if text is not None:
        source.with_name("student.toml").write_text(text)
    with pytest.raises(BadInput, match=said):
        convert(source, tmp_path / "out" / "deep")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
