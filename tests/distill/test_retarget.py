"""A student retargeted to another rig: only its last layer is new, it knows the rig, and every runtime agrees on it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import facelite
import keras
import numpy as np
import pytest
from facelite import export, spec
from facelite.cli import main
from facelite.curves import Curves
from facelite.distill import heads
from facelite.distill.examples import Example, divided, of_folder
from facelite.distill.inference import Twin
from facelite.distill.retarget import retarget
from facelite.distill.timing import closest_follower, lags
from facelite.errors import BadInput
from facelite.speech import audio
from facelite.teachers.loudness import frame_levels, relative_loudness
from facelite.teachers.precomputed import CurvesTeacher

CLIPS = sorted((Path(facelite.__file__).parent / "data" / "clips").glob("*.flac"))
SEEN_TOML = 'name = "seen"\nlookahead = 256\ncontrols = ["a", "b"]\nsmoothing = true\n'


def _student(folder: Path, head: str) -> Path:
    """A small student with weights of its own, hop 256, window 2048."""
    keras.utils.set_random_seed(3)
    layers = [
        keras.Input((2048, 1)),
        keras.layers.Conv1D(6, 64, strides=16, activation="relu"),
        keras.layers.Conv1D(8, 16, strides=16, activation="relu"),
    ]
    if head == "conv":
        layers += [keras.layers.Conv1D(2, 7, activation="relu", name="last"), keras.layers.Flatten()]
    else:
        layers += [keras.layers.Flatten(), keras.layers.Dense(2, activation="relu", name="last")]
    folder.mkdir(exist_ok=True)
    keras.Sequential(layers).save(folder / "student.keras")
    (folder / "student.toml").write_text(SEEN_TOML)
    return folder / "student.keras"


def _voice(seed: int, seconds: float = 6.0) -> np.ndarray:
    """Noise that swells and falls, quiet and loud."""
    rng = np.random.default_rng(seed)
    count = round(seconds * 16000)
    swell = np.interp(np.arange(count), np.arange(0, count, 2000), rng.uniform(0, 1, len(range(0, count, 2000)))) ** 2
    return (rng.standard_normal(count) * swell * 0.3).astype(np.float32)


@pytest.mark.parametrize("head", ["conv", "dense"])
def test_a_last_layer_comes_off_and_goes_back_on(tmp_path, head):
    model = keras.saving.load_model(_student(tmp_path, head), compile=False)
    windows = np.stack([_voice(1)[start : start + 2048, None] for start in range(0, 20000, 1000)])
    features = np.asarray(heads.headless(model)(windows))
    kernel, bias = model.get_layer("last").get_weights()
    kernel = kernel.reshape(-1, 2)
    before = features @ kernel + bias
    np.testing.assert_allclose(np.maximum(before, 0), model(windows), atol=1e-6)
    assert (before < 0).any()
    linear = heads.with_head(model, kernel, bias, "linear")
    np.testing.assert_allclose(linear(windows), before, atol=1e-6)


@pytest.mark.parametrize("head", ["conv", "dense"])
def test_a_rig_that_hangs_on_the_features_is_learnt_exactly(tmp_path, head):
    """Curves made of what the student hears, by weights it does not know, signed and beyond 1, come back."""
    student = _student(tmp_path, head)
    model = keras.saving.load_model(student, compile=False)
    twin, size = Twin(heads.headless(model), 256, "mulaw"), heads.features_of(model)
    hidden = np.random.default_rng(8).standard_normal((size, 3)).astype(np.float32)

    def example(seed: int) -> Example:
        pcm = _voice(seed)
        smooth = np.pad(twin.animate(pcm), ((1, 1), (0, 0)), mode="edge")
        smooth = (smooth[:-2] + smooth[1:-1] + smooth[2:]) / 3
        return Example(f"take{seed}", lambda: (pcm, smooth @ hidden - 0.5))

    examples = [example(seed) for seed in range(6)]
    outcome = retarget(student, ("x", "y", "z"), examples[:5], examples[5:], tmp_path / "out", ridge=1e-9)
    assert outcome.correlation.min() > 0.9999
    assert outcome.lag_ms == 0
    assert set(outcome.signed) == {"x", "y", "z"}
    made = keras.saving.load_model(tmp_path / "out" / "student.keras", compile=False)
    for old, new in zip(model.layers[:-2], made.layers[1:], strict=False):
        for kept, given in zip(old.get_weights(), new.get_weights(), strict=True):
            np.testing.assert_array_equal(kept, given)


@pytest.fixture(scope="module")
def animated(tmp_path_factory) -> Path:
    """Recordings of human speech with a rig of two controls: `opening` in 0..1 at 30, `spread` signed."""
    folder = tmp_path_factory.mktemp("animated")
    kernel = np.hanning(9) / np.hanning(9).sum()
    for clip in CLIPS[:6]:
        pcm = audio.read(clip)[:80000]
        audio.write(folder / clip.name, pcm)
        low = frame_levels(pcm, 16000, 62.5)
        high = frame_levels(np.diff(pcm, prepend=0).astype(np.float32), 16000, 62.5)
        tilt = np.convolve(np.pad(high - low + 10, 4, mode="edge"), kernel, "valid") / 10
        values = np.stack([relative_loudness(low), np.clip(tilt, -1.5, 1.5)], 1).astype(np.float32)
        export.write(folder / f"{clip.stem}.npz", Curves(values, ("opening", "spread"), 62.5), 60)
    return folder


@pytest.fixture(scope="module")
def retargeted(animated, tmp_path_factory) -> tuple[Path, dict]:
    """The shipped student on that rig, and what the command printed."""
    folder = tmp_path_factory.mktemp("retargeted")
    shipped = Path(facelite.__file__).parent / "weights" / "tiny_real_time"
    report = folder / "report.json"
    with report.open("w") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.__stdout__", file)
        command = ["retarget", str(shipped), "--teacher", f"curves:{animated}", "-o", str(folder / "out"), "--json"]
        assert main(command) == 0
    return folder / "out", json.loads(report.read_text())


def test_the_shipped_student_learns_a_rig_it_never_saw(retargeted):
    folder, report = retargeted
    made = spec.load(folder / "student.toml")
    assert made.controls == ("opening", "spread")
    assert made.lookahead == 1024
    assert report["signed"] == ["spread"]
    assert len(report["learnt"]) == 5
    assert all(control["correlation"] > least for control, least in zip(report["controls"], (0.9, 0.6), strict=True))
    assert abs(report["lag_ms"]) <= 16
    assert report["timing"]["control"] == "opening"
    assert abs(report["timing"]["lag_ms"]) <= 16
    card = (folder / "MODEL_CARD.md").read_text()
    assert "ends linear" in card
    assert f"| opening | {report['controls'][0]['correlation']:.3f} |" in card


@pytest.mark.slow
def test_a_signed_last_layer_reaches_every_runtime(retargeted, animated, tmp_path):
    """`convert` holds LiteRT, the oracle and the kernel to each other bit for bit; the kernel stays near Keras."""
    folder, _ = retargeted
    facts = facelite.convert(folder / "student.keras", tmp_path)
    assert facts["proof"]["holds"]
    student = facelite.load(tmp_path)
    assert student.controls == ("opening", "spread")
    pcm = audio.read(sorted(animated.glob("*.flac"))[0])
    model = keras.saving.load_model(folder / "student.keras", compile=False)
    expected = Twin(model, 1024, spec.beside(folder / "student.keras").companding).animate(pcm)
    answer = student.animate(pcm, smoothing=False)
    assert answer[:, 1].min() < -0.2
    assert np.corrcoef(answer[:, 1], expected[:, 1])[0, 1] > 0.99
    assert np.abs(answer - expected).mean() < 0.03


def test_lags_are_found_and_still_controls_left_out():
    rng = np.random.default_rng(2)
    sound = np.convolve(rng.standard_normal(900), np.hanning(15), "same")
    curves = np.stack(
        [np.roll(sound, 3), -np.roll(sound, 5), np.roll(sound, -4) + rng.standard_normal(900), sound * 0], 1
    )
    late, r = lags(sound[:, None], curves)
    assert late[0] == 48
    assert late[2] == -64
    assert np.isnan(late[3])
    assert np.isnan(r[3])
    follower = closest_follower(sound, curves, ("jaw", "not", "noisy", "still"))
    assert (follower.control, follower.lag_ms) == ("jaw", 48)


def _named(count: int) -> list[Example]:
    return [Example(f"take{index}", lambda: (np.zeros(0), np.zeros(0))) for index in range(count)]


def test_recordings_are_divided_as_asked_or_evenly():
    learnt, held_out = divided(_named(10))
    assert [example.name for example in held_out] == ["take4", "take9"]
    assert len(learnt) == 8
    learnt, held_out = divided(_named(3), ["take0"])
    assert [example.name for example in held_out] == ["take0"]
    for examples, names, named in ((_named(2), (), "at least three"), (_named(5), ("take7",), "take7")):
        with pytest.raises(BadInput, match=named):
            divided(examples, names)


def test_what_a_corpus_holds_out_is_never_learnt_from():
    examples = [replace(example, held_out=index > 3) for index, example in enumerate(_named(6))]
    learnt, held_out = divided(examples, ["take0"])
    assert [example.name for example in learnt] == ["take1", "take2", "take3"]
    assert [example.name for example in held_out] == ["take0", "take4", "take5"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "--teacher and --labels"),
        (["--teacher", "oracle"], "no recordings of its own"),
        (["--teacher", "curves:{empty}"], "no two of one name"),
        (["--teacher", "curves:{animated}", "--held-out", "nobody"], "nobody"),
        (["--teacher", "curves:{animated}", "--name", "two words"], "two words"),
        (["--teacher", "curves:{animated}", "-o", "{student}"], "holds the student that is read"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, animated, capfd, arguments, named):
    student = _student(tmp_path / "student", "conv").parent
    (tmp_path / "empty").mkdir()
    places = {"empty": tmp_path / "empty", "animated": animated, "student": student}
    command = ["retarget", str(student), "-o", str(tmp_path / "out"), *(part.format(**places) for part in arguments)]
    assert main(command) == 2
    last = capfd.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("facelite: ")
    assert named in last
    assert not (tmp_path / "out").exists()


def test_recordings_of_a_folder_are_as_long_as_their_audio(animated):
    for example in of_folder(CurvesTeacher.open(animated)):
        samples, curves = example.read()
        assert curves.shape == (-(-len(samples) // 256), 2)
