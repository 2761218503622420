"""A student in half precision answers as the whole one does, from a file that any reader of students takes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from facelite.companding import codes, decode
from facelite.errors import BadInput

keras = pytest.importorskip("keras", reason="needs facelite[distill]")

SHIPPED = Path(__file__).parents[2] / "toolkit" / "weights" / "tiny_real_time"


@pytest.fixture(scope="module")
def halve():
    from facelite.distill.half import halve

    return halve


@pytest.fixture(scope="module")
def halved(halve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("half")
    halve(SHIPPED, folder)
    return folder


def test_the_file_is_smaller_and_the_spec_the_same(halved):
    assert (halved / "student.keras").stat().st_size < 0.6 * (SHIPPED / "student.keras").stat().st_size
    assert (halved / "student.toml").read_text("utf-8") == (SHIPPED / "student.toml").read_text("utf-8")
    assert zipfile.ZipFile(halved / "student.keras").testzip() is None


def test_every_weight_is_the_nearest_float16(halved):
    whole = keras.models.load_model(SHIPPED / "student.keras", compile=False).get_weights()
    half = keras.models.load_model(halved / "student.keras", compile=False).get_weights()
    for before, after in zip(whole, half, strict=True):
        np.testing.assert_array_equal(after, before.astype(np.float16).astype(np.float32))


def test_curves_hardly_move(halved):
    rng = np.random.default_rng(1)
    waveform = decode(codes(0.1 * rng.standard_normal((4, 8192)).astype(np.float32)))[..., None]
    whole, half = (
        np.asarray(keras.models.load_model(folder / "student.keras", compile=False)(waveform))
        for folder in (SHIPPED, halved)
    )
    assert 0 < np.abs(whole - half).max() < 2e-3


def test_it_can_be_trained_from(halved):
    from facelite.distill.folded import read

    assert read(halved).config == read(SHIPPED).config


def test_the_student_itself_is_not_overwritten(halve, halved):
    before = (halved / "student.keras").read_bytes()
    with pytest.raises(BadInput, match="holds the student that is read"):
        halve(halved, halved)
    assert (halved / "student.keras").read_bytes() == before


def test_wrong_use_is_one_line(tmp_path):
    (tmp_path / "student.keras").write_bytes(b"PK junk")
    shutil.copy(SHIPPED / "student.toml", tmp_path)
    for student, problem in ((tmp_path / "none", "does not exist"), (tmp_path, "is not a whole .keras file")):
        command = [sys.executable, "-m", "facelite.distill.half", student, tmp_path / "out"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)
        assert problem in result.stderr


def test_a_weight_beyond_float16_is_refused_and_nothing_is_written(halve, tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "given")
    model = keras.models.load_model(tmp_path / "given" / "student.keras", compile=False)
    model.set_weights([1e6 * value for value in model.get_weights()])
    model.save(tmp_path / "given" / "student.keras")
    with pytest.raises(BadInput, match="float16 cannot hold"):
        halve(tmp_path / "given", tmp_path / "out")
    assert not (tmp_path / "out").exists()
