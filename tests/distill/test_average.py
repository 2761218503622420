"""The mean of students lies half-way between them, layer by layer, and converts like any other."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import pytest
from facelite.errors import BadInput
from facelite.spec import load

keras = pytest.importorskip("keras", reason="needs facelite[distill]")


@pytest.fixture(scope="module")
def other(shipped_student, tmp_path_factory):
    """The shipped student after an imagined training: every weight has moved."""
    folder, rng = tmp_path_factory.mktemp("other"), np.random.default_rng(5)
    model = keras.models.load_model(shipped_student)
    model.set_weights([value + rng.normal(0, 0.1 * value.std(), value.shape) for value in model.get_weights()])
    model.save(folder / "student.keras")
    (folder / "student.toml").write_bytes(shipped_student.with_name("student.toml").read_bytes())
    return folder / "student.keras"


@pytest.fixture(scope="module")
def average():
    from facelite.distill.average import average

    return average


def test_weights_lie_half_way(average, shipped_student, other, tmp_path):
    made = average([shipped_student, other.parent], tmp_path)
    one, two, mean = (keras.models.load_model(path).get_weights() for path in (shipped_student, other, made))
    for first, second, found in zip(one, two, mean, strict=True):
        np.testing.assert_allclose(found, (first + second) / 2, rtol=1e-6, atol=1e-7)
    specs = [load(folder / "student.toml").model_dump() for folder in (tmp_path, shipped_student.parent)]
    assert specs[0] == specs[1]
    hashes = json.loads((tmp_path / "average.json").read_text())["mean of"]
    assert hashes == [sha256(path.read_bytes()).hexdigest() for path in (shipped_student, other)]


def test_another_kind_of_student_is_refused(average, shipped_student, other, tmp_path):
    on_device = shipped_student.parents[1] / "on_device"
    with pytest.raises(BadInput, match="another kind of student"):
        average([other, on_device], tmp_path / "out")
    with pytest.raises(BadInput, match="two students or more"):
        average([other], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_none_of_the_students_is_overwritten(average, shipped_student, other):
    before = other.read_bytes()
    with pytest.raises(BadInput, match="holds the student that is read"):
        average([shipped_student, other], other.parent)
    assert other.read_bytes() == before
