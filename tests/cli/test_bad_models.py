"""Models and bundles that cannot be used are refused in one line, and nothing is written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import facelite
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="session")
def lstm(once) -> Path:
    """A Keras model with a layer that no chain of convolutions can stand for."""

    def make(folder: Path) -> None:
        import keras

        layers = [keras.Input((8192, 1)), keras.layers.Conv1D(8, 64, 64), keras.layers.LSTM(4, name="memory")]
        keras.Sequential(layers).save(folder / "recurrent.keras")

    return once("lstm", make) / "recurrent.keras"


@pytest.fixture
def spoilt(request, shipped_bundle, tmp_path) -> Path:
    """A file of the shipped bundle, cut short or replaced."""
    name, content = request.param
    path = tmp_path / name
    original = shipped_bundle / name
    path.write_bytes(original.read_bytes()[: original.stat().st_size * 2 // 3] if content is None else content)
    return path


def zip_of(name: str, content: str, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    return path


def test_recurrent_model_is_refused_by_layer_and_op(refused, lstm, tmp_path):
    line = refused("convert", lstm, "-o", tmp_path / "bundle")
    assert "memory" in line
    assert "LSTM" in line
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    "spoilt",
    [("student_int8.tflite", None), ("student_int8.tflite", b""), ("student_int8.tflite", b"TFL3" * 64)],
    indirect=True,
)
def test_spoilt_model_is_refused(refused, spoilt, tmp_path):
    assert spoilt.name in refused("convert", spoilt, "-o", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("name", ["missing.keras", "missing.tflite", "a folder.keras", "notes.txt", "empty.keras"])
def test_file_that_is_no_model_is_refused(refused, tmp_path, name):
    path = tmp_path / name
    if name.startswith("a folder"):
        path.mkdir()
    elif name.startswith("empty"):
        zip_of("config.json", "{}", path)
    elif not name.startswith("missing"):
        path.write_text("no model")
    assert name in refused("convert", path, "-o", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("verb", ["validate", "bench"])
@pytest.mark.parametrize("name", ["missing", "empty", "a file"])
def test_folder_that_is_no_bundle_is_refused(refused, tmp_path, verb, name):
    path = tmp_path / name
    if name == "empty":
        path.mkdir()
    elif name == "a file":
        path.write_bytes(b"FLT" * 100)
    assert name in refused(verb, path)


@pytest.mark.parametrize("position", [0, 5, 0.5, -1])
def test_flipped_byte_is_refused_by_the_command(refused, shipped_bundle, tmp_path, position):
    blob = bytearray((shipped_bundle / "student.facelite").read_bytes())
    blob[int(len(blob) * position) if isinstance(position, float) else position] ^= 0x10
    path = tmp_path / "student.facelite"
    path.write_bytes(blob)
    assert "student.facelite" in refused("validate", path)


@pytest.fixture(scope="module")
def blob(shipped_bundle) -> bytes:
    return (shipped_bundle / "student.facelite").read_bytes()


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_any_flipped_byte_is_refused(blob, tmp_path, share, flip):
    damaged = bytearray(blob)
    damaged[int(share * len(blob))] ^= flip
    _assert_refused(bytes(damaged), tmp_path)


def test_every_flipped_byte_of_the_head_is_refused(blob, tmp_path):
    for position in range(512):
        damaged = bytearray(blob)
        damaged[position] ^= 1 << position % 8
        _assert_refused(bytes(damaged), tmp_path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_any_shorter_blob_is_refused(blob, tmp_path, share):
    _assert_refused(blob[: int(share * len(blob))], tmp_path)


def _assert_refused(damaged: bytes, folder: Path) -> None:
    path = folder / "student.facelite"
    path.write_bytes(damaged)
    with pytest.raises(facelite.BadInput, match=r"student\.facelite"):
        facelite.load(path)
