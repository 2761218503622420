"""Each recipe's files run in LiteRT and stay as close to the float student as they claim."""

from __future__ import annotations

import json

import numpy as np
import pytest
from facelite import BadInput, companding, reference
from facelite.converters.bundle import convert, load_graph
from facelite.converters.litert import Windowed
from facelite.converters.recipes import RECIPES
from facelite.converters.sources import open_source
from facelite.student import load


@pytest.fixture(scope="module")
def made(small_student, tmp_path_factory):
    """`made(recipe)`: the folder of a recipe, converted once, and the facts."""
    folder, done = tmp_path_factory.mktemp("recipes"), {}

    def make(recipe):
        if recipe not in done:
            done[recipe] = folder / recipe, convert(small_student, folder / recipe, recipe=recipe)
        return done[recipe]

    return make


@pytest.fixture(scope="module")
def windows(signals):
    """Windows of 2048 samples of PCM, quiet and loud, whose codes are the signals'."""
    return [
        companding.samples(signals[kind][start : start + 2048])
        for kind in ("speech", "quiet speech")
        for start in range(8000, 40000, 4000)
    ]


def _snr(found, exact):
    return 10 * np.log10(np.sum(exact**2) / np.sum((found - exact) ** 2))


def _exact(small_student, windows):
    graph = open_source(small_student, None).graph()
    return np.stack([reference.run_window(graph, companding.decode(companding.encode(pcm))) for pcm in windows])


def test_pcm_files_give_the_codes_of_the_files_that_hear_codes(made, windows):
    folder, facts = made("mulaw_input")
    rows = [row for row in facts["proof"]["rows"] if "PCM" in row["runtime"]]
    assert len(rows) == 8
    assert all(row["holds"] and row["compared"] > 0 for row in rows)
    codes = Windowed((folder / "student_int8.tflite").read_bytes(), reference=True)
    pcm = Windowed((folder / "student_pcm_int8.tflite").read_bytes(), reference=True)
    noise = np.random.default_rng(0).integers(-32768, 32768, (4, 2048)).astype(np.int16)
    for window in [*windows, *noise]:
        assert np.array_equal(pcm.codes(window), codes.codes(window))
    assert load(folder).controls == load_graph(folder).controls


def test_weights_are_left_alone_without_the_pair_rule(made):
    kept, safe = (load_graph(made(recipe)[0]) for recipe in ("int8", "mulaw_input"))
    assert any((a.weight != b.weight).any() for a, b in zip(kept.ops, safe.ops, strict=True) if hasattr(a, "weight"))


@pytest.mark.parametrize(("recipe", "file", "least"), [
    ("int16_input", "student_int16_input.tflite", 20),
    ("int16x8", "student_int16x8.tflite", 35),
])  # fmt: skip
def test_16_bits_run_in_litert_and_lose_less(recipe, file, least, made, small_student, windows):
    """On loud and quiet speech together; int8 reaches some 20 dB on these random weights."""
    folder, facts = made(recipe)
    assert {path.name for path in folder.iterdir()} == {file, "student.onnx", "report.json", "MODEL_CARD.md"}
    exact = _exact(small_student, windows)
    by_kernels = [Windowed((folder / file).read_bytes(), reference).curves(windows) for reference in (True, False)]
    assert all(_snr(curves, exact) > least for curves in by_kernels)
    report = json.loads((folder / "report.json").read_text())
    assert report == facts
    assert report["litert_only"]
    assert all(found["snr_db"] > 5 for found in report["error"].values())


def test_a_litert_file_does_not_land_beside_a_blob(small_student, small_bundle):
    before = sorted(path.name for path in small_bundle.iterdir())
    with pytest.raises(BadInput, match=r"holds a student\.facelite"):
        convert(small_student, small_bundle, recipe="int16x8")
    assert sorted(path.name for path in small_bundle.iterdir()) == before


def test_every_recipe_says_what_it_is():
    assert all(recipe.__doc__ for recipe in RECIPES.values())
    assert len({recipe.__doc__ for recipe in RECIPES.values()}) == len(RECIPES)
