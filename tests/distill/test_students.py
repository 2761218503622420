"""A student must answer alike however it is run, and its front must be the filter bank it starts as."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.companding import codes, decode
from facelite.distill import recipe as recipes
from facelite.distill.filterbank import gabor, hertz, mel
from facelite.distill.inference import animate, padded
from facelite.errors import BadInput
from scipy import signal

keras = pytest.importorskip("keras", reason="needs facelite[distill]")


@pytest.fixture(scope="module")
def student():
    return recipes.load("tiny_real_time").student


@pytest.fixture(scope="module")
def trained(student):
    """A trainer whose BatchNorm statistics and head are not at their starting values."""
    from facelite.distill import students

    model = students.trainer(student)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape).astype(np.float32) for w in layer.get_weights()])
    head = model.get_layer("head")
    head.set_weights([rng.standard_normal(w.shape).astype(np.float32) * 0.01 for w in head.get_weights()])
    return model


def test_windowed_student_equals_the_whole_utterance(student, trained):
    from facelite.distill import students

    pcm = (np.random.default_rng(1).standard_normal(16000) * 0.1).astype(np.float32)
    whole = animate(trained, student, pcm)
    audio = decode(codes(padded(pcm, len(whole), student.hop, student.window, student.lookahead), student.companding))
    windows = np.lib.stride_tricks.sliding_window_view(audio, student.window)[:: student.hop]
    by_window = students.windowed(student, trained).predict(windows[..., None], verbose=0)
    assert whole.shape == (63, len(student.controls))
    assert np.abs(by_window - whole).max() < 1e-4 * max(1.0, np.abs(whole).max())


def test_receptive_field_is_exactly_the_window(student, trained):
    from facelite.distill import students

    model = students.windowed(student, trained)
    quiet = np.zeros((1, student.window, 1), np.float32)
    ends = np.repeat(quiet, 3, 0)
    ends[1, 0], ends[2, -1] = 1.0, 1.0
    answers = model.predict(ends, verbose=0)
    assert np.abs(answers[1] - answers[0]).max() > 0
    assert np.abs(answers[2] - answers[0]).max() > 0


def test_frames_ignore_audio_beyond_the_lookahead(student, trained):
    rng = np.random.default_rng(2)
    pcm = (rng.standard_normal(12000) * 0.1).astype(np.float32)
    frame = 20
    limit = frame * student.hop + student.lookahead
    changed = pcm.copy()
    changed[limit:] = rng.standard_normal(len(pcm) - limit)
    before, after = (animate(trained, student, x) for x in (pcm, changed))
    assert np.array_equal(before[: frame + 1], after[: frame + 1])
    assert not np.array_equal(before[frame + 1], after[frame + 1])


def test_filters_peak_at_mel_spaced_centres():
    bank = gabor(32, 160, 16000)
    centres = hertz(np.linspace(mel(90.0), mel(7400.0), 34))[1:-1]
    peaks = [np.argmax(np.abs(signal.freqz(bank[:, i], worN=8000, fs=16000)[1])) for i in range(32)]
    assert np.abs(np.array(peaks[6:]) / centres[6:] - 1).max() < 0.05
    assert np.allclose(np.linalg.norm(bank, axis=0), 1, atol=1e-5)


def test_tiny_real_time_is_as_small_as_it_says(student, trained):
    from facelite.distill import students

    model = students.windowed(student, trained)
    assert 180_000 < model.count_params() < 220_000
    assert student.lookahead == 1024
    assert student.hop == 256


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("steps = 11000", "stpes = 11000"),
        ("lookahead = 1024", "lookahead = -1"),
        ("kernel = 13, stride = 8", "kernel = 12, stride = 8"),
    ],
)
def test_a_wrong_recipe_is_named(tmp_path, change, named):
    text = (recipes.RECIPES / "tiny_real_time.toml").read_text("utf-8")
    assert change in text
    path = tmp_path / "wrong recipe.toml"
    path.write_text(text.replace(change, named), "utf-8")
    with pytest.raises(BadInput) as error:
        recipes.load(path)
    assert "\n" not in str(error.value)


def test_an_unknown_recipe_lists_the_packaged_ones():
    with pytest.raises(BadInput, match="tiny_real_time"):
        recipes.load("no_such_student")
