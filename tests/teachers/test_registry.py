"""A teacher is named by a word and a path; what cannot be meant is refused with what can."""

from __future__ import annotations

import pytest
from facelite.errors import BadInput
from facelite.teachers import registry
from facelite.teachers.oracle import OracleTeacher
from facelite.teachers.registry import open_teacher, specs


def test_the_oracle_is_named_by_one_word():
    assert isinstance(open_teacher("oracle"), OracleTeacher)


@pytest.mark.parametrize("spec", ["", "orcale", "audio2face", "/tmp/folder", ":folder"])
def test_an_unknown_teacher_is_refused_with_those_there_are(spec):
    with pytest.raises(BadInput) as refusal:
        open_teacher(spec)
    assert all(known in str(refusal.value) for known in specs())


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("oracle:x", "say oracle"),
        ("oracle:", "say oracle"),
        ("neural:", "neural:FOLDER"),
        ("onnx", "onnx:FILE.toml"),
        ("curves:", "curves:FOLDER"),
        ("hubert", "hubert:FOLDER"),
    ],
)
def test_a_path_that_is_missing_or_not_wanted_is_named(spec, named):
    with pytest.raises(BadInput, match=named):
        open_teacher(spec)


def test_the_shipped_teacher_is_looked_for_in_the_checkout(monkeypatch, tmp_path):
    absent = tmp_path / "weights" / "teacher"
    monkeypatch.setitem(registry._KINDS, "neural", registry._Kind("neural", "NeuralTeacher", "FOLDER", absent))
    with pytest.raises(BadInput, match="weights are not at") as refusal:
        open_teacher("neural")
    assert str(absent) in str(refusal.value)
    assert "clone" in str(refusal.value)
