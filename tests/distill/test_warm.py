"""A warm start answers as the exported student does, at once and while it trains."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.distill.inference import animate
from facelite.errors import BadInput

keras = pytest.importorskip("keras", reason="needs facelite[distill]")


@pytest.fixture(scope="module")
def given(shipped_student):
    from facelite.distill import folded

    return folded.read(shipped_student)


@pytest.fixture(scope="module")
def heard(given, speech):
    """Human speech, in a stretch that the network answers with 40 frames."""
    from facelite.companding import codes, decode
    from facelite.speech import audio

    pcm = np.resize(audio.read(speech), 39 * 256 + 8192).astype(np.float32)
    return decode(codes(pcm, given.config.companding))[None, :, None]


@pytest.fixture(scope="module")
def started(given, heard):
    from facelite.distill import students, warm

    model = students.trainer(given.config)
    warm.start(model, given.config, given, heard)
    return model


def test_it_answers_as_the_exported_student(given, started, heard):
    exported = keras.models.load_model(given.source)
    windows = np.lib.stride_tricks.sliding_window_view(heard[0, :, 0], 8192)[::256, :, None]
    expected = exported.predict(windows, verbose=0)
    found = np.maximum(started.predict_on_batch(heard)["curves"][0], 0)
    assert expected.std() > 0.01
    assert np.abs(found - expected).max() < 1e-4


def test_it_answers_alike_when_training_looks_at_its_own_statistics(started, heard):
    silent, training = (np.asarray(started(heard, training=mode)["curves"]) for mode in (False, True))
    assert np.abs(silent - training).max() < 1e-3


def test_exporting_it_again_changes_nothing(given, started, speech, tmp_path):
    from facelite.distill.export import export
    from facelite.distill.exported import STUDENT
    from facelite.distill.inference import Twin
    from facelite.speech import audio

    export(started, given.config, tmp_path / STUDENT)
    pcm = audio.read(speech)[:16000]
    twin = Twin(keras.models.load_model(tmp_path / STUDENT), given.config.lookahead, given.config.companding)
    assert np.abs(twin.animate(pcm) - animate(started, given.config, pcm)).max() < 1e-4


def test_by_another_curve_it_answers_as_to_speech_at_another_level(given, speech):
    """Of mu-laws, ln(1 + mu x) is the same wherever mu x is."""
    from facelite.distill import students, warm
    from facelite.speech import audio

    def companded(mu):
        pcm = np.resize(audio.read(speech), 39 * 256 + 8192).astype(np.float32) * 16 / mu
        return (np.sign(pcm) * np.log1p(mu * np.abs(pcm)) / np.log1p(mu))[None, :, None]

    other = "mulaw" if given.config.companding == "mulaw32" else "mulaw32"
    config = given.config.model_copy(update={"companding": other})
    answers = []
    for each in (given.config, config):
        model = students.trainer(each)
        audible = companded(255 if each.companding == "mulaw" else 32)
        warm.start(model, each, given, audible)
        answers.append(model.predict_on_batch(audible)["curves"])
    assert answers[0].std() > 0.01
    assert np.abs(answers[0] - answers[1]).max() < 1e-3


def test_controls_it_does_not_know_start_at_rest(given, heard):
    from facelite.distill import students, warm

    config = given.config.model_copy(update={"controls": ("jawOpen", "earWiggle")})
    model = students.trainer(config)
    warm.start(model, config, given, heard)
    known, unknown = np.moveaxis(model.predict_on_batch(heard)["curves"][0], -1, 0)
    assert known.std() > 0.01
    assert not unknown.any()


@pytest.fixture(scope="module")
def wider(given):
    """An architecture of twice the channels, in one layer two and a half times as many."""
    config = given.config
    more = {32: 64, 48: 120, 64: 64, 96: 192}
    layers = tuple(layer.model_copy(update={"channels": more[layer.channels]}) for layer in config.layers)
    front = config.front.model_copy(update={"channels": more[config.front.channels]})
    return config.model_copy(update={"front": front, "layers": layers})


def test_a_wider_student_answers_as_the_narrow_one_did(given, wider, started, heard):
    from facelite.distill import students, warm

    model = students.trainer(wider)
    warm.start(model, wider, given, heard)
    assert model.get_layer("conv4_conv").kernel.shape[1:] == (192, 192)
    expected, found = (m.predict_on_batch(heard)["curves"] for m in (started, model))
    assert np.abs(found - expected).max() < 1e-4


def test_copies_of_a_channel_learn_different_things(given, wider, heard):
    from facelite.distill import students, warm

    model = students.trainer(wider)
    warm.start(model, wider, given, heard)
    norm = model.get_layer("conv1_norm")
    before = norm.get_weights()[0]
    np.testing.assert_allclose(before[:48], before[48:96], rtol=1e-5)
    model.compile("sgd", {"curves": "mse", "mel": None})
    model.train_on_batch(heard, {"curves": np.ones((1, 40, 27), np.float32)})
    moved = norm.get_weights()[0] - before
    assert np.abs(moved[:48] - moved[48:96]).max() > 0.1 * np.abs(moved[:48]).max() > 0


def test_another_architecture_is_refused(given, heard):
    from facelite.distill import students, warm

    wider = given.config.front.model_copy(update={"channels": 16})
    config = given.config.model_copy(update={"front": wider})
    with pytest.raises(BadInput, match=r"student\.front"):
        warm.start(students.trainer(config), config, given, heard)
