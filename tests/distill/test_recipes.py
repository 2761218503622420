"""Every packaged recipe: as large as it says, equal by window and by utterance, and the same int8 in every runtime."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from facelite import companding, reference
from facelite.companding import codes, decode
from facelite.distill import recipe as recipes
from facelite.distill.inference import animate, padded
from facelite.spec import StudentSpec
from facelite.speech import audio
from facelite.student import Student

keras = pytest.importorskip("keras", reason="needs facelite[distill]")

SIZES = {
    "small": (2.5e6, 3.2e6, 8192, 4096),
    "real_time": (2.5e6, 3.2e6, 8192, 1024),
    "on_device": (0.18e6, 0.23e6, 8192, 4096),
    "tiny_real_time": (0.18e6, 0.23e6, 8192, 1024),
    "lowest_latency": (0.18e6, 0.23e6, 8192, 512),
    "gate": (0.025e6, 0.035e6, 32768, 1024),
}
FRAMES = 20


@pytest.fixture(scope="module", params=sorted(SIZES))
def recipe(request) -> recipes.Recipe:
    return recipes.load(request.param)


@pytest.fixture(scope="module")
def trained(recipe):
    """A trainer whose BatchNorm statistics and head are not at their starting values."""
    from facelite.distill import students

    model = students.trainer(recipe.student)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape).astype(np.float32) for w in layer.get_weights()])
    head = model.get_layer("head")
    weights = [rng.standard_normal(w.shape).astype(np.float32) * 0.01 for w in head.get_weights()]
    head.set_weights([w + np.float32(0.005) for w in weights])  # above the ReLU, with one control too
    return model


@pytest.fixture(scope="module")
def windowed(recipe, trained):
    from facelite.distill import students

    return students.windowed(recipe.student, trained)


@pytest.fixture(scope="module")
def heard(speech) -> np.ndarray:
    """A third of a second of human speech."""
    return audio.read(speech)[8000 : 8000 + FRAMES * 256]


def test_every_recipe_is_tested():
    assert sorted(SIZES) == sorted(path.stem for path in recipes.RECIPES.glob("*.toml"))


def test_it_is_as_large_as_it_says(recipe, windowed):
    least, most, window, lookahead = SIZES[recipe.student.name]
    assert least < windowed.count_params() < most
    assert (recipe.student.lookahead, recipe.student.window, recipe.student.hop) == (lookahead, window, 256)


def _padded(student, heard):
    return padded(heard, FRAMES, student.hop, student.window, student.lookahead)


def test_the_window_equals_the_whole_utterance(recipe, trained, windowed, heard):
    student = recipe.student
    whole = animate(trained, student, heard)
    whole_audio = decode(codes(_padded(student, heard), student.companding))
    windows = np.lib.stride_tricks.sliding_window_view(whole_audio, student.window)[:: student.hop]
    by_window = windowed.predict(windows[..., None], verbose=0)
    assert np.abs(by_window - whole).max() < 1e-4 * max(1.0, np.abs(whole).max())
    assert np.ptp(whole, axis=0).max() > 0.01


def test_every_runtime_gives_the_same_int8(recipe, windowed, heard, tmp_path):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    from facelite.converters.backends import blob, tflite
    from facelite.converters.frontends import tflite as frontend
    from facelite.converters.lower import lower

    student = recipe.student
    whole = companding.codes(_padded(student, heard), student.companding)
    windows = np.lib.stride_tricks.sliding_window_view(whole, student.window)[:: student.hop]
    model = tflite.convert(windowed, [companding.decode(window) for window in windows[::5]])
    file = tmp_path / "student.tflite"
    file.write_bytes(model)
    controls = list(student.controls)
    spec = StudentSpec(name=student.name, lookahead=student.lookahead, controls=controls, companding=student.companding)
    graph = lower(frontend.load(file), spec)
    expected = reference.animate(graph, companding.codes(heard, student.companding))
    assert np.array_equal(Student(blob.pack(graph)).animate(heard), expected)
    litert = Interpreter(model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
    litert.allocate_tensors()
    answer, quant = litert.get_output_details()[0], graph.tensors[-1].quant
    for frame in (0, FRAMES - 1):
        litert.set_tensor(litert.get_input_details()[0]["index"], windows[frame].reshape(1, -1, 1))
        litert.invoke()
        code = litert.get_tensor(answer["index"]).ravel().astype(np.int32)
        found = (code - quant.zero_point).astype(np.float32) * np.float32(quant.scale)
        assert np.array_equal(found, expected[frame])
