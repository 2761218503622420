"""A run that is stopped goes on as if it had not been, and batches depend on nothing but recipe and step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from facelite.companding import to_int16
from facelite.distill import recipe as recipes
from facelite.distill.crops import Crops
from facelite.distill.labelled import LabelledSet
from facelite.distill.labelling import labelled_sets
from facelite.errors import BadInput
from facelite.speech import audio
from facelite.speech.corpus import Clip, Corpus
from facelite.speech.phones import TimedPhone
from facelite.teachers.oracle import OracleTeacher

pytest.importorskip("keras", reason="needs facelite[distill]")

RECIPE = """
[student]
name = "test"
lookahead = 1024
controls = ["jawOpen", "mouthClose", "mouthPucker"]
front = { channels = 4, kernel = 160, stride = 8 }
layers = [
    { channels = 4, kernel = 13, stride = 8 },
    { channels = 4, kernel = 3, stride = 2 },
    { channels = 4, kernel = 4, stride = 2 },
    { channels = 4, kernel = 3, dilation = 2, residual = true },
]
[train]
steps = 6
batch = 2
crop_frames = 20
warmup = 2
evaluate_every = 2
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    """Three noisy clips with phones, one for validation, and one of noise."""
    root = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    phones = tuple(
        TimedPhone(0.1 * i, 0.1 * (i + 1), s) for i, s in enumerate(("SIL", "B", "AA", "M", "UW", "SIL") * 3)
    )
    clips = []
    for index, (source, split) in enumerate([("a", "train"), ("a", "train"), ("a", "valid"), ("noise", "train")]):
        path = f"{index}.flac"
        audio.write(root / path, (rng.standard_normal(16000 * 2) * 0.1).astype(np.float32))
        timed = () if source == "noise" else phones
        clips.append(Clip(path, f"s{index}", "en", source, "CC0-1.0", split, 2.0, "", "", timed, root))
    return Corpus(root, tuple(clips))


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> recipes.Recipe:
    path = tmp_path_factory.mktemp("recipe") / "test.toml"
    path.write_text(RECIPE, "utf-8")
    return recipes.load(path)


@pytest.fixture(scope="module")
def labels(corpus, recipe, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    (labels,) = labelled_sets([corpus], recipe.student.controls, recipe.student.hop, folder)
    return labels


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
        assert np.allclose(np.asarray(one), np.asarray(other), atol=1e-5), one.path
    history = json.loads((tmp_path / "stopped" / "history.json").read_text("utf-8"))
    assert [record["step"] for record in history] == [2, 4, 6]


def test_a_folder_of_another_recipe_or_other_data_is_refused(recipe, labels, tmp_path):
    from facelite.distill.train import Run

    Run(tmp_path / "run", recipe, [labels])
    other = recipe.model_copy(update={"train": recipe.train.model_copy(update={"seed": 9})})
    with pytest.raises(BadInput, match="another recipe"):
        Run(tmp_path / "run", other, [labels])
    elsewhere = shutil.copytree(labels, tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="other corpora"):
        Run(tmp_path / "run", recipe, [elsewhere])
