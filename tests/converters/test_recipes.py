"""Each recipe's files run in LiteRT and stay as close to the float student as they claim."""

from __future__ import annotations

import json
import warnings
from typing import get_type_hints

import numpy as np
import pytest
import torch
from facelite import BadInput, companding, reference
from facelite.cli.convert import convert as verb
from facelite.converters.bundle import convert, load_graph
from facelite.converters.litert import Windowed
from facelite.converters.recipes import RECIPES
from facelite.converters.sources import open_source
from facelite.student import load
from torch import nn


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
    codes = Windowed((folder / "student_int8.tflite").read_bytes(), "mulaw", reference=True)
    pcm = Windowed((folder / "student_pcm_int8.tflite").read_bytes(), "mulaw", reference=True)
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
    by_kernels = [
        Windowed((folder / file).read_bytes(), "mulaw", reference).curves(windows) for reference in (True, False)
    ]
    assert all(_snr(curves, exact) > least for curves in by_kernels)
    report = json.loads((folder / "report.json").read_text())
    assert report == facts
    assert report["litert_only"]
    assert all(found["snr_db"] > 5 for found in report["error"].values())


class Limited(nn.Module):
    """Limits of every kind, behind a convolution, a sum and a function; `clamp` is where they are."""

    def __init__(self, clamp: tuple[float, float]) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.front, self.inner, self.head = nn.Conv1d(1, 12, 16, 8), nn.Conv1d(12, 12, 3, dilation=2), nn.Linear(12, 3)
        self.clamp = clamp

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.clamp(4 * self.front(x), *self.clamp)
        y = torch.clamp(nn.functional.leaky_relu(3 * self.inner(x), 0.1), *self.clamp)
        return torch.clamp(self.head(torch.clamp(x[:, :, 4:] + y, *self.clamp).mean(2)), *self.clamp)


@pytest.mark.parametrize("clamp", [(0, 1), (-1, 1), (0, 6)])
@pytest.mark.parametrize(("recipe", "least"), [("int16x8", 35), ("int16_input", 15)])
def test_16_bits_are_limited_as_float_is(clamp, recipe, least, windows, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Limited(clamp).eval(), (torch.zeros(1, 1, 2048),), tmp_path / "student.onnx", dynamo=False)
    (tmp_path / "student.toml").write_text('name = "limited"\nlookahead = 100\ncontrols = ["a", "b", "c"]\n')
    convert(tmp_path / "student.onnx", tmp_path / "out", recipe=recipe)
    (file,) = (tmp_path / "out").glob("*.tflite")
    exact = _exact(tmp_path / "student.onnx", windows)
    by_kernels = [Windowed(file.read_bytes(), "mulaw", reference).curves(windows) for reference in (True, False)]
    assert all(_snr(curves, exact) > least for curves in by_kernels)


def test_no_file_of_an_earlier_recipe_stays(small_student, tmp_path):
    for recipe in ("int16x8", "int16_input", "int8"):
        convert(small_student, tmp_path, recipe=recipe)
        wide = [path.name for path in tmp_path.iterdir() if "int16" in path.name]
        assert wide == ([f"student_{recipe}.tflite"] if "int16" in recipe else [])


def test_a_litert_file_does_not_land_beside_a_blob(small_student, small_bundle):
    before = sorted(path.name for path in small_bundle.iterdir())
    with pytest.raises(BadInput, match=r"holds a student\.facelite"):
        convert(small_student, small_bundle, recipe="int16x8")
    assert sorted(path.name for path in small_bundle.iterdir()) == before


def test_help_names_every_recipe():
    (option,) = get_type_hints(verb, include_extras=True)["recipe"].__metadata__
    assert all(name in option.help for name in RECIPES)


def test_every_recipe_says_what_it_is():
    assert all(recipe.__doc__ for recipe in RECIPES.values())
    assert len({recipe.__doc__ for recipe in RECIPES.values()}) == len(RECIPES)
