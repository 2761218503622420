"""What can be measured, and that each kind answers what it should."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from facelite.errors import BadInput
from facelite.evaluation.proof import prove
from facelite.evaluation.references import references
from facelite.evaluation.run import measure
from facelite.evaluation.subjects import FLOAT, INT8, TEACHER, open_subjects
from facelite.reference import smooth
from facelite.student import load


@pytest.fixture(scope="module")
def run_folder(shipped_student, shipped_bundle, tmp_path_factory):
    """A run folder with its bundle inside."""
    folder = tmp_path_factory.mktemp("a run")
    shutil.copy(shipped_student, folder)
    shutil.copy(shipped_student.with_name("student.toml"), folder)
    shutil.copytree(shipped_bundle, folder / "bundle")
    return folder


def test_a_run_with_its_bundle_is_measured_in_float_and_int8(run_folder):
    floating, integer = open_subjects(str(run_folder))
    assert (floating.kind, integer.kind) == (FLOAT, INT8)
    assert floating.parameters == integer.parameters
    assert floating.memory == 4 * floating.parameters > 3 * integer.memory
    assert floating.future_ms == integer.future_ms == 80
    assert floating.controls == integer.controls


def test_int8_is_the_kernel_and_float_is_near_it(run_folder, shipped_bundle, spoken):
    pcm = spoken[0].audio()
    floating, integer = (one.deliver(one.unsmoothed(pcm, ())) for one in open_subjects(str(run_folder)))
    np.testing.assert_array_equal(integer, load(shipped_bundle).animate(pcm))
    assert np.abs(floating - integer).mean() < 0.01


def test_smoothing_is_what_a_stream_does(shipped_bundle, spoken):
    (subject,) = open_subjects(str(shipped_bundle))
    curves = subject.unsmoothed(spoken[1].audio(), ())
    np.testing.assert_array_equal(subject.deliver(curves), smooth(curves))
    np.testing.assert_array_equal(smooth(curves), load(shipped_bundle).animate(spoken[1].audio(), smoothing=True))


def test_a_teacher_is_measured_like_a_student(spoken):
    (teacher,) = open_subjects("oracle")
    assert (teacher.kind, teacher.future_ms, teacher.parameters) == (TEACHER, None, None)
    found = teacher.narrowed(("mouthPressLeft", "jawOpen")).unsmoothed(spoken[0].audio(), spoken[0].clip.phones)
    np.testing.assert_array_equal(found, spoken[0].curves.select(("mouthPressLeft", "jawOpen")).values)


def test_a_neural_teacher_is_measured_and_measures(tmp_path, clips):
    """A small one with random weights, as a row and as the reference of another."""
    from facelite.teachers.neural.model import TeacherConfig, build
    from facelite.teachers.neural.teacher import NeuralTeacher

    config = TeacherConfig(front_channels=8, channels=8, width=10, heads=2, blocks=1)
    model = build(config)
    NeuralTeacher(model, config).save(tmp_path)
    spec = f"neural:{tmp_path}"
    (subject,) = open_subjects(spec)
    assert (subject.kind, subject.parameters, subject.memory) == (
        TEACHER,
        model.count_params(),
        4 * model.count_params(),
    )
    heard = references([replace(clip, phones=()) for clip in clips[:3]], spec)
    score = measure(subject, heard).scores["clean"]["emodb/test"]
    assert score.mse == pytest.approx(0, abs=1e-6)
    assert (score.closure, score.labiodental, score.interval) == (None, None, None)


def test_the_kernel_gives_litert_values_on_the_speech_that_is_measured(shipped_bundle, spoken):
    (subject,) = open_subjects(str(shipped_bundle))
    proof = prove(subject, spoken)
    assert (proof.clips, proof.windows, proof.different) == (4, 32, 0)
    assert proof.values == proof.windows * len(subject.controls)


def test_a_blob_without_its_tflite_file_is_measured_and_has_no_proof(shipped_bundle, spoken, tmp_path):
    """The TFLite file beside a blob of another name is another student's."""
    shutil.copytree(shipped_bundle, tmp_path / "bundle")
    for blob in (tmp_path / "alone.facelite", tmp_path / "bundle" / "other.facelite"):
        shutil.copy(shipped_bundle / "student.facelite", blob)
        (subject,) = open_subjects(str(blob))
        assert len(subject.unsmoothed(spoken[0].audio(), ())) == len(spoken[0].curves.values)
        assert prove(subject, spoken) is None


def test_the_proof_is_of_the_tier_that_gave_the_figures(shipped_bundle, spoken, monkeypatch):
    monkeypatch.setenv("FACELITE_ISA", "ref")
    (subject,) = open_subjects(str(shipped_bundle))
    assert prove(subject, spoken[:1]).tier == "ref"


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda folder: folder, "holds neither student.keras nor student.facelite"),
        (lambda folder: folder / "missing.facelite", "no such file"),
        (lambda folder: folder / "missing.keras", "is not a file"),
        (lambda folder: "neural:" + str(folder), "holds no neural teacher"),
    ],
)
def test_what_is_not_there_is_named(make, problem, tmp_path):
    with pytest.raises(BadInput, match=problem):
        open_subjects(str(make(tmp_path)))
