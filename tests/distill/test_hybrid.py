"""Stage 2: features are compared at the same audio, the frozen student stays frozen, and what does not fit is named."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from facelite.distill import recipe as recipes
from facelite.distill.recipe import FeatureConfig
from facelite.errors import BadInput

keras = pytest.importorskip("keras", reason="needs facelite[distill]")


@pytest.fixture(scope="module")
def small_recipe(recipe):
    """A student with a longer lookahead, more channels and one block more."""
    text = recipe.model_dump(mode="json")
    student = text["student"] | {"name": "small", "lookahead": 4096}
    student["front"] |= {"channels": 6}
    student["layers"] = [layer | {"channels": 6} for layer in (*student["layers"], student["layers"][-1])]
    return recipes.Recipe.model_validate(text | {"student": student})


@pytest.fixture(scope="module")
def small(small_recipe, tmp_path_factory):
    """Its exported file, with weights that answer to sound."""
    from facelite.distill import students
    from facelite.distill.export import export
    from facelite.distill.exported import STUDENT

    model = students.trainer(small_recipe.student, seed=5)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape).astype(np.float32) for w in layer.get_weights()])
    path = tmp_path_factory.mktemp("small") / STUDENT
    export(model, small_recipe.student, path)
    return path


@pytest.fixture
def waveform():
    rng = np.random.default_rng(3)
    return rng.uniform(-1, 1, (2, 19 * 256 + 8192, 1)).astype(np.float32)


def test_the_frozen_student_hears_what_its_exported_window_hears(small, small_recipe, waveform):
    """Features over the whole audio against the exported model's own layers, one window at a time."""
    from facelite.distill import folded

    found = folded.listener(folded.read(small), ["conv3", "add5"]).predict_on_batch(waveform)
    exported = keras.models.load_model(small)
    for name in ("conv3", "add5"):
        layer = keras.Model(exported.input, exported.get_layer(name).output)
        for frame in (0, 7, 19):
            window = waveform[:, frame * 256 : frame * 256 + 8192]
            expected = layer.predict_on_batch(window)
            here = found[name][:, frame : frame + expected.shape[1]]
            assert np.abs(here - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("ahead", [0, 3072])
def test_features_of_the_same_audio_are_compared(recipe, small, waveform, ahead):
    """The loss of the graph against NumPy, over both students asked apart; `ahead` shifts the frozen one's audio."""
    from facelite.distill import folded, hybrid, students

    frozen, student = folded.read(small), recipe.student
    model = students.trainer(student)
    features = FeatureConfig(layers={"add4": "add5"}, ahead=ahead)
    graph = hybrid.graph(model, student, frozen, features, recipe.train)
    (loss,) = [name for name in graph.output_names if name.startswith(hybrid.PREFIX)]
    found = graph.predict_on_batch(waveform)[loss][:, 0]
    kernel, bias = graph.get_layer("project_add4").get_weights()
    ours = keras.Model(model.input, students.features(model, "add4"))
    heard = waveform[:, : waveform.shape[1] - ahead]
    a = ours.predict_on_batch(heard).astype(np.float64) @ kernel[0] + bias
    b = folded.listener(frozen, ["add5"]).predict_on_batch(waveform)["add5"].astype(np.float64)
    frames = min(a.shape[1], b.shape[1])
    a, b = a[:, -frames:], b[:, -frames:]
    expected = np.mean((a - b) ** 2, axis=(1, 2)) / b.var(axis=(0, 1)).mean()
    assert np.allclose(found, expected, rtol=1e-4)


def test_equal_students_have_nothing_left_to_explain(small, small_recipe, waveform):
    from facelite.distill import folded, hybrid, students, warm

    frozen, student = folded.read(small), small_recipe.student
    model = students.trainer(student)
    warm.start(model, student, frozen, waveform)
    graph = hybrid.graph(model, student, frozen, FeatureConfig(), small_recipe.train)
    answer = graph.predict_on_batch(waveform)
    losses = [name for name in answer if name.startswith(hybrid.PREFIX)]
    assert sorted(losses) == [hybrid.PREFIX + name for name in ("add5", "conv3")]
    assert all(answer[name].max() < 1e-6 for name in losses)


def test_training_lowers_the_feature_loss_and_leaves_the_frozen_student_alone(recipe, labels, small, tmp_path):
    from facelite.distill.train import Run

    hybrid = recipe.model_copy(update={"features": FeatureConfig(source=str(small), fade=1.0)})
    hybrid = recipes.changed(hybrid, "train", steps=150, warmup=3, evaluate_every=150, learning_rate=2e-2)
    run = Run(tmp_path / "run", hybrid, [labels])
    frozen = run._graph.get_layer("frozen")
    before = [np.array(weight) for weight in frozen.get_weights()]
    first: dict[str, float] = {}
    run.train(lambda step, steps, losses, latest: first.update(losses) if step == 1 else None)
    assert all(np.array_equal(a, b) for a, b in zip(before, frozen.get_weights(), strict=True))
    for name in ("features_conv3", "features_add4"):
        assert run.losses[name] < 0.9 * first[name]
    resumed = Run(tmp_path / "run", hybrid, [labels])
    assert all(np.array_equal(a, b) for a, b in zip(run.model.get_weights(), resumed.model.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("features", "named"),
    [
        ({"layers": {"conv3": "add9"}}, "features.layers.conv3"),
        ({"layers": {"conv3": "conv1"}}, "features.layers.conv3"),
        ({}, "features.from"),
    ],
)
def test_features_that_do_not_fit_are_named(recipe, labels, small, tmp_path, features, named):
    from facelite.distill.train import Run

    source = {} if named == "features.from" else {"source": str(small)}
    wrong = recipe.model_copy(update={"features": FeatureConfig(**features, **source)})
    with pytest.raises(BadInput, match=named) as error:
        Run(tmp_path / "run", wrong, [labels])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("own", "other", "named"),
    [("mouthPucker", "tongueOut", r"student\.controls"), ('"mulaw"', '"mulaw32"', "hears mulaw32, not mulaw")],
)
def test_a_small_student_of_another_rig_or_ear_is_refused(recipe, labels, small, tmp_path, own, other, named):
    from facelite.distill.train import Run

    spec = small.with_name("student.toml").read_text("utf-8").replace(own, other)
    (tmp_path / "student.toml").write_text(spec, "utf-8")
    (tmp_path / "student.keras").write_bytes(small.read_bytes())
    wrong = recipe.model_copy(update={"features": FeatureConfig(source=str(tmp_path))})
    with pytest.raises(BadInput, match=named):
        Run(tmp_path / "run", wrong, [labels])


def test_a_run_goes_on_when_the_frozen_student_has_moved(recipe, small, tmp_path):
    from facelite.distill import journal

    def identify(path, student):
        features = FeatureConfig(source=str(path))
        digest = sha256(student.read_bytes()).hexdigest()
        journal.identify(tmp_path, recipe.model_copy(update={"features": features}), [], {"features": digest})

    identify(small, small)
    identify("moved/student.keras", small)
    (tmp_path / "other.keras").write_bytes(b"another")
    with pytest.raises(BadInput, match=r"students\.features"):
        identify(small, tmp_path / "other.keras")
