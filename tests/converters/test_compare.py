"""facelite compare: equal where it must be, exit 1 where it is not, distances that are what they say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from facelite import BadInput, companding
from facelite.compare import compare, distance, lsb_histogram
from facelite.converters.backends import blob
from facelite.converters.bundle import load_graph
from facelite.graph import Conv


@pytest.fixture(scope="module")
def pcm(signals) -> dict[str, np.ndarray]:
    """Two seconds of speech, and of noise, as int16 PCM."""
    noise = np.random.default_rng(2).integers(-32768, 32768, 32000)
    edges = np.concatenate([[0], companding.thresholds()])
    speech = np.sign(signals["speech"]) * edges[np.abs(signals["speech"].astype(int))]
    return {"speech": speech[:32000].astype(np.int16), "noise": noise.astype(np.int16)}


@pytest.fixture
def other_weight(small_bundle, tmp_path) -> Path:
    """A bundle whose blob has one weight that its TFLite file has not."""
    out = tmp_path / "bundle"
    shutil.copytree(small_bundle, out)
    graph = load_graph(out)
    index = next(i for i, op in enumerate(graph.ops) if isinstance(op, Conv))
    weight = graph.ops[index].weight.copy()
    weight[0, 3, 0] += 40 if weight[0, 3, 0] < 0 else -40
    ops = (*graph.ops[:index], replace(graph.ops[index], weight=weight), *graph.ops[index + 1 :])
    (out / "student.facelite").write_bytes(blob.pack(replace(graph, ops=ops)))
    return out


def test_every_pair_that_must_be_equal_is(small_student, small_bundle, pcm):
    report = compare(small_bundle, pcm, small_student, windows=12)
    assert report["holds"]
    assert all(row["different"] == 0 and row["compared"] > 0 for row in report["rows"])
    by_name = {row["runtime"]: row for row in report["runtimes"]}
    assert {"Keras", "ONNX Runtime", "LiteRT XNNPACK", "LiteRT reference", "NumPy oracle", "C kernel, ref"} <= set(
        by_name
    )
    assert by_name["ONNX Runtime"]["max_error"] < 1e-5
    assert by_name["NumPy oracle"]["lsb"] == {"0": 2 * 12 * 5}
    assert by_name["LiteRT reference"]["cosine"] > 0.95  # random weights quantise badly, a wrong scale far worse


def test_a_kernel_that_differs_breaks_the_comparison(other_weight, pcm):
    report = compare(other_weight, pcm, windows=12)
    assert not report["holds"]
    broken = {row["runtime"] for row in report["rows"] if not row["holds"]}
    assert broken
    assert all(name.startswith("C kernel") for name in broken)


def test_the_verb_exits_1_and_names_the_runtime(other_weight):
    found = facelite("compare", other_weight, "--windows", 4, "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["holds"] is False
    assert "C kernel, ref differs from" in found.stderr


def test_the_verbs_print_one_json_object(small_student, tmp_path):
    made = facelite("convert", small_student, "-o", tmp_path / "out", "--json")
    assert made.returncode == 0
    assert json.loads(made.stdout)["proof"]["holds"]
    assert len(made.stderr.splitlines()) < 10, made.stderr
    found = facelite("compare", tmp_path / "out", "--windows", 4, "--source", small_student, "--json")
    assert found.returncode == 0
    assert json.loads(found.stdout)["holds"]


@pytest.mark.parametrize("name", ["student_int8.tflite", "student.onnx"])
def test_a_bundle_with_a_damaged_model_is_refused(small_bundle, pcm, name, tmp_path):
    out = tmp_path / "bundle"
    shutil.copytree(small_bundle, out)
    (out / name).write_bytes((out / name).read_bytes()[:1000])
    with pytest.raises(BadInput):
        compare(out, pcm, windows=2)
    (out / name).unlink()
    with pytest.raises(BadInput, match=name):
        compare(out, pcm, windows=2)


def test_distances_are_what_they_say():
    truth = np.array([[1.0, 2.0], [2.0, 0.0]], np.float32)
    assert distance(truth, truth) == {"max_error": 0, "mean_error": 0, "snr_db": None, "cosine": 1, "scale": 1}
    found = distance(truth * 1.1, truth)
    assert found["scale"] == pytest.approx(1.1)
    assert found["cosine"] == pytest.approx(1)
    assert found["snr_db"] == pytest.approx(20)
    assert found["max_error"] == pytest.approx(0.2)


def test_histogram_counts_signed_code_differences():
    truth = np.array([-128, 0, 5, 127], np.int8)
    codes = np.array([127, 0, 4, 127], np.int8)
    assert lsb_histogram(codes, truth) == {"-1": 1, "0": 2, "+255": 1}


def facelite(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("facelite")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
