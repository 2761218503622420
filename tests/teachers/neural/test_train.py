"""`facelite teach`: a run leaves a teacher that others open, and one that was stopped goes on to the same weights."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from facelite.distill.labelling import labelled_sets
from facelite.distill.recipe import RECIPES as PACKAGED
from facelite.errors import BadInput
from facelite.locks import locked
from facelite.speech import audio
from facelite.speech.corpus import MANIFEST_SCHEMA, PHONES_SCHEMA, Corpus
from facelite.teachers.neural import recipe as recipes

pytest.importorskip("keras", reason="needs facelite[distill]")

import pyarrow as pa
import pyarrow.parquet as pq

RECIPE = """
[network]
controls = ["jawOpen", "mouthClose", "mouthPucker"]
front_channels = 4
channels = 8
width = 8
heads = 2
blocks = 1
[train]
steps = 6
batch = 2
crop_frames = 20
warmup = 2
evaluate_every = 2
"""


STUDENT = PACKAGED / "tiny_real_time.toml"
CONTROLS = 'controls = ["jawOpen", "mouthClose", "mouthPucker"]'
TRAIN = """[train]
steps = 1
batch = 1
crop_frames = 20
threads = 1
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """Three noisy clips with phones, one of them for validation."""
    root = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    clips, phones = [], []
    for index, split in enumerate(("train", "train", "valid")):
        path = f"{index}.flac"
        audio.write(root / path, (rng.standard_normal(32000) * 0.1).astype(np.float32))
        row = {"path": path, "speaker": f"s{index}", "language": "en", "source": "a", "licence": "CC0-1.0"}
        digest = sha256((root / path).read_bytes()).hexdigest()
        clips.append(row | {"split": split, "seconds": 2.0, "text": "", "sha256": digest})
        for place, symbol in enumerate(("SIL", "B", "AA", "M", "UW", "SIL") * 3):
            phones.append({"path": path, "start": 0.1 * place, "end": 0.1 * (place + 1), "phone": symbol})
    pq.write_table(pa.Table.from_pylist(clips, MANIFEST_SCHEMA), root / "manifest.parquet")
    pq.write_table(pa.Table.from_pylist(phones, PHONES_SCHEMA), root / "phones.parquet")
    return root


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "teacher.toml"
    path.write_text(RECIPE, "utf-8")
    return path


@pytest.fixture(scope="module")
def taught(corpus, recipe, tmp_path_factory) -> Path:
    from facelite.teachers.neural.pipeline import teach

    folder = tmp_path_factory.mktemp("run")
    teach([corpus], recipe, folder)
    return folder


def test_the_run_leaves_a_teacher_and_its_card(taught, corpus):
    from facelite.teachers.registry import open_teacher

    teacher = open_teacher(f"neural:{taught}")
    clip = next(iter(Corpus.open(corpus)))
    assert teacher.animate(clip.audio(), 16000).values.shape == (125, 3)
    report = json.loads((taught / "evaluation.json").read_text("utf-8"))
    assert report["a/valid"]["clips"] == 1
    assert "CC0-1.0" in (taught / "MODEL_CARD.md").read_text("utf-8")
    history = json.loads((taught / "history.json").read_text("utf-8"))
    assert [record["step"] for record in history] == [2, 4, 6]


def test_a_stopped_run_goes_on_to_the_same_weights(taught, recipe, tmp_path):
    from facelite.teachers.neural.train import TeacherRun

    class Stopped(Exception):
        pass

    def stop(step, loss, latest):
        if step == 5:
            raise Stopped

    chosen = recipes.load(recipe)
    sets = [path.parent for path in (taught / "labels").glob("*/index.json")]
    with pytest.raises(Stopped):
        TeacherRun(tmp_path / "run", chosen, sets).train(stop)
    resumed = TeacherRun(tmp_path / "run", chosen, sets)
    assert resumed.step == 4
    resumed.train(lambda *_: None)
    undisturbed = TeacherRun(taught, chosen, sets)
    for one, other in zip(undisturbed.model.variables, resumed.model.variables, strict=True):
        assert np.allclose(np.asarray(one), np.asarray(other), atol=1e-5), one.path


def test_training_starts_from_a_given_teacher(taught, recipe, tmp_path):
    from facelite.teachers.neural.teacher import NeuralTeacher
    from facelite.teachers.neural.train import TeacherRun

    sets = [path.parent for path in (taught / "labels").glob("*/index.json")]
    started = TeacherRun(tmp_path, recipes.load(recipe), sets, init=taught)
    given = NeuralTeacher.open(taught)
    for mine, theirs in zip(started.model.get_weights(), given.network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    with pytest.raises(BadInput, match="another start"):
        TeacherRun(tmp_path, recipes.load(recipe), sets)
    wider = recipes.load(recipe)
    wider = wider.model_copy(update={"network": wider.network.model_copy(update={"width": 16})})
    with pytest.raises(BadInput, match="another shape"):
        TeacherRun(tmp_path / "wider", wider, sets, init=taught)
    assert not (tmp_path / "wider" / "run.json").exists()


def test_a_teacher_is_given_a_second_ear(taught, recipe, tmp_path):
    """The one it had stays as it was; its answer is the mean of both, calibrated as a whole."""
    pytest.importorskip("pocketsphinx", reason="needs facelite[align]")
    from facelite.teachers.neural.features import BINS, width
    from facelite.teachers.neural.model import ears
    from facelite.teachers.neural.teacher import NeuralTeacher
    from facelite.teachers.neural.train import TeacherRun

    sets = [path.parent for path in (taught / "labels").glob("*/index.json")]
    text = recipe.read_text("utf-8")
    hearing = tmp_path / "hearing.toml"
    hearing.write_text(
        text.replace("[train]", "ears = ['spectrum', 'senones']\nsenone_channels = 8\n[train]\nears = ['senones']")
    )
    run = TeacherRun(tmp_path / "run", recipes.load(hearing), sets, init=taught)
    run.train(lambda *_: None)
    calibration = run.calibrate()
    run.teacher(calibration).save(tmp_path / "saved")
    found, given = NeuralTeacher.open(tmp_path / "saved"), NeuralTeacher.open(taught)
    assert found.config.ears == ("spectrum", "senones")
    heard = np.random.default_rng(1).standard_normal((1, 40, width(senones=True))).astype(np.float32)
    answers = [np.asarray(answer) for answer in ears(run.teacher().network, "spectrum", "senones")(heard)]
    np.testing.assert_allclose(answers[0], np.asarray(given.network(heard[..., :BINS])), atol=1e-6)
    assert np.abs(answers[1]).max() > 0
    expected = calibration.gain * (answers[0] + answers[1]) / 2 + calibration.offset
    np.testing.assert_allclose(np.asarray(found.network(heard)), expected, atol=2e-3)
    assert found.fingerprint() != given.fingerprint()

    with pytest.raises(BadInput, match="another shape"):
        TeacherRun(tmp_path / "back", recipes.load(recipe), sets, init=tmp_path / "saved")
    with pytest.raises(BadInput, match="ear spectrum would never learn"):
        TeacherRun(tmp_path / "alone", recipes.load(hearing), sets)
    hearing.write_text(text.replace("[train]", "[train]\nears = ['senones']"))
    with pytest.raises(BadInput, match="network does not hear"):
        recipes.load(hearing)


@pytest.mark.parametrize(("split", "missing"), [("train", "validation"), ("valid", "training")])
def test_a_corpus_of_one_split_is_refused_before_it_costs_anything(corpus, recipe, tmp_path, split, missing):
    from facelite.teachers.neural.pipeline import teach
    from facelite.teachers.neural.train import TeacherRun

    some = Path(shutil.copytree(corpus, tmp_path / "some"))
    table = pq.read_table(some / "manifest.parquet").to_pylist()
    rows = [row | {"split": split} for row in table]
    pq.write_table(pa.Table.from_pylist(rows, MANIFEST_SCHEMA), some / "manifest.parquet")
    with pytest.raises(BadInput, match=f"{some}: has no clip of a {missing} speaker"):
        teach([some], recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    chosen = recipes.load(recipe)
    sets = labelled_sets([Corpus.open(some)], chosen.network.controls, 256, tmp_path / "labels")
    with pytest.raises(BadInput, match=f"has no clip of a {missing} speaker"):
        TeacherRun(tmp_path / "run", chosen, sets)


def test_how_many_processes_make_batches_is_nobodys_business(taught, corpus, recipe, tmp_path):
    from facelite.teachers.neural.pipeline import teach

    more = tmp_path / "teacher.toml"
    more.write_text(RECIPE + "workers = 2\n", "utf-8")
    before = (taught / "teacher.npz").read_bytes()
    teach([corpus], more, taught)
    assert (taught / "teacher.npz").read_bytes() == before


def test_a_student_with_threads_of_its_own_learns_from_a_neural_teacher(taught, corpus, tmp_path):
    """Both compute with one backend, whose threads are fixed once it runs."""
    student = STUDENT.read_text("utf-8").partition("[train]")[0].replace("[student]", "[student]\n" + CONTROLS)
    (tmp_path / "student.toml").write_text(student + TRAIN, "utf-8")
    command = [Path(sys.executable).with_name("facelite"), "distill", corpus, "--recipe", tmp_path / "student.toml"]
    result = subprocess.run(
        [*command, "--teacher", f"neural:{taught}", "-o", tmp_path / "run"], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "run" / "student.keras").is_file()


def test_another_recipe_in_the_same_folder_is_refused(taught, corpus, recipe):
    from facelite.teachers.neural.pipeline import teach

    with pytest.raises(BadInput, match="another recipe"):
        teach([corpus], recipe, taught, seed=9)


def test_a_misspelt_key_is_named(tmp_path):
    path = tmp_path / "teacher.toml"
    path.write_text(RECIPE.replace("warmup", "warm_up"), "utf-8")
    with pytest.raises(BadInput, match=r"train\.warm_up"):
        recipes.load(path)


def test_a_run_that_another_process_trains_is_left_alone(corpus, recipe, tmp_path):
    """A lock belongs to an opened file, so a second opening stands for the other process."""
    from facelite.distill.pipeline import distill
    from facelite.teachers.neural.pipeline import teach

    for train in (
        lambda: teach([corpus], recipe, tmp_path / "run"),
        lambda: distill([corpus], "tiny_real_time", tmp_path / "run", steps=1),
    ):
        with locked(tmp_path / "run"), pytest.raises(BadInput, match="run: is in use by another process"):
            train()
        assert [file.name for file in (tmp_path / "run").iterdir()] == [".lock"]
