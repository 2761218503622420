"""What cannot be trained on, written or read again is one line before it costs anything."""

from __future__ import annotations

import resource
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
from facelite.cli import main
from facelite.distill import journal, mixer
from facelite.distill import recipe as recipes
from facelite.distill.ahead import ahead
from facelite.distill.labelled import LabelledSet
from facelite.distill.labelling import check_splits, labelled_sets
from facelite.errors import BadInput
from facelite.locks import locked

from .conftest import RECIPE

keras = pytest.importorskip("keras", reason="needs facelite[distill]")


@pytest.mark.parametrize(
    ("section", "value", "field"),
    [
        ("augment", "speed = [1.2, 0.9]", "augment.speed"),
        ("augment", "speed = [0.0, 1.0]", "augment.speed.0"),
        ("augment", "vocal_tract = [-1.0, 1.0]", "augment.vocal_tract.0"),
        ("augment", "noise_snr_db = [nan, 30.0]", "augment.noise_snr_db.0"),
        ("augment", "gain_db = [-inf, 0.0]", "augment.gain_db.0"),
        ("augment", "pitch = [4.0, -4.0]", "augment.pitch"),
        ("source_weights", "vctk = -1.0", "source_weights.vctk"),
        ("source_weights", "vctk = nan", "source_weights.vctk"),
    ],
)
def test_values_that_nothing_can_be_drawn_from_are_named(tmp_path, section, value, field):
    whole = (recipes.RECIPES / "tiny_real_time.toml").read_text("utf-8").partition("[source_weights]")[0]
    path = tmp_path / "recipe.toml"
    path.write_text(f"{whole}[{section}]\n{value}\n", "utf-8")
    with pytest.raises(BadInput) as refusal:
        recipes.load(path)
    assert str(refusal.value).startswith(f"{path}: {field} ")


@pytest.mark.parametrize(
    ("was", "now", "field"),
    [
        ('name = "test"', 'name = "my student"', "student.name"),
        ('name = "test"', f'name = "{65 * "x"}"', "student.name"),
        ('"jawOpen"', '"jaw open"', "student.controls.0"),
        ("lookahead", "sample_rate = 22050\nlookahead", "student.sample_rate must be 16000"),
        ("steps = 6", "steps = 6\nseed = -1", "train.seed"),
    ],
)
def test_what_no_run_could_be_finished_with_is_named_at_once(tmp_path, was, now, field):
    path = tmp_path / "recipe.toml"
    assert was in RECIPE
    path.write_text(RECIPE.replace(was, now), "utf-8")
    with pytest.raises(BadInput, match=field):
        recipes.load(path)


@pytest.mark.parametrize(("name", "spoil"), [("index.json", 40), ("audio.i16", 0)])
def test_a_damaged_labelled_set_is_named(labels, tmp_path, name, spoil):
    copy = shutil.copytree(labels, tmp_path / "set")
    (copy / name).write_bytes((copy / name).read_bytes()[:spoil])
    with pytest.raises(BadInput, match="set: is damaged"):
        LabelledSet.open(copy)


def test_a_damaged_run_is_named(recipe, tmp_path):
    (tmp_path / "run.json").write_text('{"recipe": ')
    with pytest.raises(BadInput, match=r"run\.json: cannot be read"):
        journal.identify(tmp_path, recipe, [], {})


def test_two_that_lay_out_into_one_folder_do_not_spoil_it(corpus, recipe, tmp_path):
    """A lock belongs to an opened file, so a second opening stands for the other process."""
    with locked(tmp_path), pytest.raises(BadInput, match="is in use by another process"):
        labelled_sets([corpus], recipe.student.controls, recipe.student.hop, tmp_path)


def test_a_student_that_is_none_is_named(tmp_path):
    from facelite.distill import folded

    (tmp_path / "student.toml").write_text('name = "x"\nlookahead = 0\ncontrols = ["a"]\n')
    (tmp_path / "student.keras").write_bytes(b"PK junk")
    with pytest.raises(BadInput, match=r"is not a whole \.keras file"):
        folded.read(tmp_path)


def test_sources_that_weigh_nothing_are_refused(recipe, labels, tmp_path):
    from facelite.distill.train import Run

    with pytest.raises(BadInput, match="source_weights: a weigh 0"):
        Run(tmp_path / "run", recipe.model_copy(update={"source_weights": {"a": 0.0}}), [labels])
    assert not (tmp_path / "run").exists()


def test_a_weight_that_looks_misspelt_is_named_and_a_source_that_is_absent_is_not(labels, capsys):
    opened = LabelledSet.open(labels)
    opened = replace(opened, entries=tuple(replace(entry, source="librispeech") for entry in opened.entries))
    mixer.check([labels], [opened], {"librispech": 2.0, "festvox-ru": 0.5})
    assert capsys.readouterr().err == "source_weights: no source is called librispech (librispeech?)\n"
    mixer.check([labels], [opened], {"librispeech": 4.0, "librispeech2": 4.0, "vctk": 2.0})
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("split", "missing"), [("train", "validation"), ("valid", "training")])
def test_a_corpus_of_one_split_is_refused(corpus, recipe, tmp_path, split, missing):
    from facelite.distill.train import Run

    some = replace(corpus, clips=tuple(replace(clip, split=split) for clip in corpus))
    with pytest.raises(BadInput, match=f"{corpus.root}: has no clip of a {missing} speaker"):
        check_splits([some])
    sets = labelled_sets([some], recipe.student.controls, recipe.student.hop, tmp_path)
    with pytest.raises(BadInput, match=f"has no clip of a {missing} speaker"):
        Run(tmp_path / "run", recipe, sets)


def test_a_full_disk_is_one_line_and_leaves_nothing(corpus, recipe, tmp_path):
    """The kernel refuses files longer than half of the waveform."""
    student = recipe.student
    labelled_sets([corpus], student.controls[:1], student.hop, tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(BadInput, match=r"cannot be written .*make room"):
            labelled_sets([corpus], student.controls, student.hop, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("kept", [0, 4, 0.5])
def test_a_damaged_checkpoint_is_named(tmp_path, kept):
    from facelite.distill import checkpoint

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    checkpoint.save(tmp_path, model, 1, [])
    path = tmp_path / checkpoint.NAME
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    with pytest.raises(BadInput, match="is no checkpoint of this run"):
        checkpoint.resume(tmp_path, model)


def test_a_worker_that_was_killed_is_one_line():
    with pytest.raises(BadInput, match=r"a worker: was killed .* last checkpoint"):
        list(ahead(signal.raise_signal, signal.SIGKILL, signal.SIGKILL + 1))


@pytest.mark.parametrize(
    ("options", "named"),
    [(["--seed", "1", "--seeds", "1,2"], "--seeds"), (["--teacher", "oracle", "--labels", "labels"], "--labels")],
)
def test_two_options_that_say_the_same_are_refused(tmp_path, capfd, options, named):
    assert main(["distill", str(tmp_path), "-o", str(tmp_path / "out"), *options]) == 2
    last = capfd.readouterr().err.strip().splitlines()[-1]
    assert last.startswith(f"facelite: {options[0]}: was given beside {named}")
    assert not (tmp_path / "out").exists()


def test_a_set_holds_what_the_labels_say(corpus, recipe, labels):
    """Curves are written at their place, noise between them keeps the resting face."""
    opened = LabelledSet.open(labels)
    assert opened.curves.shape == (sum(entry.frames for entry in opened.entries), len(recipe.student.controls))
    for entry in opened.entries:
        assert bool(np.any(opened.clip_curves(entry))) == entry.labelled
