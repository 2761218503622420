"""A run that is stopped goes on as if it had not been, and batches depend on nothing but recipe and step."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from facelite.cli import main
from facelite.companding import to_int16
from facelite.distill.crops import Crops
from facelite.distill.labelled import LabelledSet
from facelite.errors import BadInput
from facelite.teachers.oracle import OracleTeacher

from .conftest import RECIPE

pytest.importorskip("keras", reason="needs facelite[distill]")


def test_labels_hold_the_audio_and_the_oracles_curves(corpus, recipe, labels):
    labelled = LabelledSet.open(labels)
    assert [entry.labelled for entry in labelled.entries] == [True, True, True, False]
    for clip, entry in zip(corpus, labelled.entries, strict=True):
        heard = labelled.clip_audio(entry)[: round(clip.seconds * 16000)]
        assert np.array_equal(to_int16(heard), to_int16(clip.audio()))
        if entry.labelled:
            expected = OracleTeacher().animate(clip.audio(), 16000, clip.phones).select(recipe.student.controls)
            assert np.allclose(labelled.clip_curves(entry), expected.values, atol=1e-3)


def test_a_batch_depends_on_its_step_alone(recipe, labels):
    first, again = (Crops([LabelledSet.open(labels)], recipe) for _ in range(2))
    first.batch(0)
    one, two = first.batch(3), again.batch(3)
    assert np.array_equal(one.audio, two.audio)
    assert np.array_equal(one.curves, two.curves)
    assert not np.array_equal(one.audio, first.batch(4).audio)
    samples = (recipe.train.crop_frames - 1) * recipe.student.hop + recipe.student.window
    assert one.audio.shape == (2, samples, 1)
    assert np.abs(one.audio * 127 - np.rint(one.audio * 127)).max() < 1e-4


def test_a_stopped_run_goes_on_to_the_same_weights(recipe, labels, tmp_path):
    from facelite.distill.train import Run

    class Stopped(Exception):
        pass

    def stop(step, steps, losses, latest):
        if step == 5:
            raise Stopped

    undisturbed = Run(tmp_path / "undisturbed", recipe, [labels])
    undisturbed.train()
    with pytest.raises(Stopped):
        Run(tmp_path / "stopped", recipe, [labels]).train(stop)
    resumed = Run(tmp_path / "stopped", recipe, [labels])
    assert resumed.step == 4
    resumed.train()
    for one, other in zip(undisturbed.model.variables, resumed.model.variables, strict=True):
        assert np.array_equal(np.asarray(one), np.asarray(other)), one.path
    history = json.loads((tmp_path / "stopped" / "history.json").read_text("utf-8"))
    assert [record["step"] for record in history] == [2, 4, 6]


def test_a_folder_of_another_recipe_or_other_data_is_refused(recipe, labels, tmp_path):
    from facelite.distill.train import Run

    Run(tmp_path / "run", recipe, [labels])
    other = recipe.model_copy(update={"train": recipe.train.model_copy(update={"seed": 9})})
    with pytest.raises(BadInput, match=r"train\.seed was"):
        Run(tmp_path / "run", other, [labels])
    elsewhere = shutil.copytree(labels, tmp_path / "elsewhere")
    with pytest.raises(BadInput, match=r"labels was"):
        Run(tmp_path / "run", recipe, [elsewhere])


def test_a_run_says_what_it_is_and_what_it_ran_on(recipe, labels, tmp_path):
    from facelite.distill.train import Run

    run = Run(tmp_path, recipe, [labels])
    run.train()
    identity = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert identity["recipe"]["student"]["controls"] == list(recipe.student.controls)
    assert identity["labels"] == [labels.name]
    (session,) = json.loads((tmp_path / "sessions.json").read_text("utf-8"))
    assert session["packages"]["numpy"] == np.__version__
    assert session["step"] == 0
    with np.load(tmp_path / "checkpoint.npz") as saved:
        assert json.loads(str(saved["state"]))["seconds"] == run.seconds > 0
    for name in ("student.keras", "best.keras", "student.toml"):
        assert (tmp_path / name).is_file()


def test_bfloat16_learns_as_float32_does(recipe, labels, tmp_path):
    from facelite.distill import recipe as recipes
    from facelite.distill.train import Run

    losses = []
    for precision in ("float32", "bfloat16"):
        run = Run(tmp_path / precision, recipes.changed(recipe, "train", precision=precision), [labels])
        run.train()
        losses.append(run.history[-1]["train_loss"])
        assert all(np.asarray(variable).dtype == np.float32 for variable in run.model.trainable_variables)
    assert abs(losses[1] / losses[0] - 1) < 0.02


@pytest.mark.parametrize("fault", ["controls", "hop"])
def test_labels_of_another_student_are_refused(recipe, labels, tmp_path, fault):
    from facelite.distill.train import Run

    index = shutil.copytree(labels, tmp_path / "other") / "index.json"
    record = json.loads(index.read_text("utf-8"))
    record |= {"hop": 128} if fault == "hop" else {"controls": ["jawOpen", "mouthClose", "tongueOut"]}
    index.write_text(json.dumps(record), "utf-8")
    with pytest.raises(BadInput) as error:
        Run(tmp_path / "run", recipe, [index.parent])
    assert str(index.parent) in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_tensorboard_can_read_the_logs(recipe, labels, tmp_path):
    """TensorFlow's own reader of event files."""
    pytest.importorskip("tensorboardX", reason="needs facelite[distill]")
    tensorflow = pytest.importorskip("tensorflow")
    from facelite.distill.train import Run

    run = Run(tmp_path, recipe, [labels])
    run.train()
    (file,) = (tmp_path / "logs").iterdir()
    found = {}
    for record in tensorflow.data.TFRecordDataset(str(file)):
        event = tensorflow.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            found[event.step, value.tag] = value.simple_value
    for record in run.history:
        assert found[record["step"], "mse"] == pytest.approx(record["mse"], rel=1e-6)


def test_runs_share_what_is_laid_out_in_one_cache(corpus_folder, tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPE, "utf-8")
    command = ["distill", corpus_folder, "--recipe", tmp_path / "recipe.toml", "--cache", tmp_path / "cache"]
    laid_out = []
    for options in (["--seed", "1", "-o", tmp_path / "one"], ["--seeds", "2,3", "-o", tmp_path / "more"]):
        assert main([str(word) for word in (*command, *options)]) == 0
        laid_out.append([(path.parent.name, path.stat().st_ino) for path in (tmp_path / "cache").rglob("audio.i16")])
    assert laid_out[0] == laid_out[1]
    assert len(laid_out[0]) == 1
    for run in ("one", "more/seed-2", "more/seed-3"):
        assert (tmp_path / run / "student.keras").is_file()
        assert not list((tmp_path / run).rglob("*.i16"))
