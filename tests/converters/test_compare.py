"""facelite compare: equal where it must be, exit 1 where it is not, distances that are what they say."""

from __future__ import annotations

import csv
import json
import re
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
from facelite.runtimes import tiers


@pytest.fixture(scope="module")
def pcm(signals) -> dict[str, np.ndarray]:
    """Two seconds of speech, and of noise, as int16 PCM."""
    noise = np.random.default_rng(2).integers(-32768, 32768, 32000)
    edges = np.concatenate([[0], companding.thresholds()])
    speech = np.sign(signals["speech"]) * edges[np.abs(signals["speech"].astype(int))]
    return {"speech": speech[:32000].astype(np.int16), "noise": noise.astype(np.int16)}


@pytest.fixture(scope="module")
def report(small_student, small_bundle, pcm) -> dict:
    """Everything that can be compared, compared."""
    return compare(small_bundle, pcm, small_student, windows=12)


@pytest.fixture(scope="module")
def other_weight(small_bundle, tmp_path_factory) -> Path:
    """A bundle whose blob has one weight that its TFLite file has not."""
    out = tmp_path_factory.mktemp("other") / "bundle"
    shutil.copytree(small_bundle, out)
    graph = load_graph(out)
    index = 1  # the second layer: the first must still agree
    weight = graph.ops[index].weight.copy()
    weight[0, 3, 0] += 40 if weight[0, 3, 0] < 0 else -40
    ops = (*graph.ops[:index], replace(graph.ops[index], weight=weight), *graph.ops[index + 1 :])
    (out / "student.facelite").write_bytes(blob.pack(replace(graph, ops=ops)))
    return out


def test_every_pair_that_must_be_equal_is(report):
    assert report["holds"]
    assert all(row["different"] == 0 and row["compared"] > 0 for row in report["rows"])
    by_name = {row["runtime"]: row for row in report["runtimes"]}
    windowed = {"Keras", "ONNX Runtime", "ONNX Runtime, int8", "LiteRT XNNPACK", "LiteRT reference", "NumPy oracle"}
    streaming = {"LiteRT XNNPACK, one hop", "LiteRT reference, one hop", "student.c"}
    streaming |= {f"C kernel, {tier}" for tier in tiers()}
    assert {name for name, row in by_name.items() if row["mode"] == "windowed"} == windowed
    assert {name for name, row in by_name.items() if row["mode"] == "streaming"} == streaming
    assert report["left_out"] == []
    assert by_name["Keras"]["max_error"] < 1e-5
    assert by_name["ONNX Runtime, int8"]["max_lsb"] <= 3
    assert by_name["ONNX Runtime"]["max_error"] < 1e-5
    assert by_name["NumPy oracle"]["lsb"] == {"0": 2 * 12 * 5}
    assert by_name["LiteRT reference"]["cosine"] > 0.95  # random weights quantise badly, a wrong scale far worse


def test_layers_that_are_equal_are_shown_as_equal(small_bundle, report):
    names = [op.name for op in load_graph(small_bundle).ops]
    assert names[:2] == ["front8", "front4"]
    whole = {row["runtime"]: row for row in report["runtimes"]}
    for runtime in ("LiteRT reference", "NumPy oracle", "C kernel, ref"):
        assert whole[runtime]["parts"] is None
        assert [layer["layer"] for layer in whole[runtime]["layers"]] == names
        assert all(layer["different"] == 0 and layer["values"] > 0 for layer in whole[runtime]["layers"])
    assert [layer["layer"] for layer in whole["ONNX Runtime"]["layers"]] == names
    assert all(layer["max_error"] < 1e-5 for layer in whole["ONNX Runtime"]["layers"])


def test_a_kernel_that_differs_breaks_the_comparison_where_it_parts(other_weight, pcm):
    """One weight of the second layer is changed: what streams with it parts there, and not in what reads it later."""
    report = compare(other_weight, pcm, windows=12)
    assert not report["holds"]
    broken = {row["runtime"] for row in report["rows"] if not row["holds"]}
    assert broken == {f"C kernel, {tier}" for tier in tiers()}
    other = {row["runtime"]: row for row in report["runtimes"]}
    assert other["LiteRT reference"]["parts"] is None
    part = other["C kernel, ref"]["parts"]
    assert (part["layer"], part["reference"], part["channel"]) == ("front4", "NumPy oracle", 0)
    assert other["C kernel, ref"]["layers"][0]["different"] == 0


def test_student_c_is_left_out_without_a_compiler_and_refused_when_it_is_another(
    small_bundle, pcm, tmp_path, monkeypatch
):
    out = tmp_path / "bundle"
    shutil.copytree(small_bundle, out)
    source = (out / "student.c").read_text()
    (out / "student.c").write_text(source.replace("{", "[", 1))
    with pytest.raises(BadInput, match=r"student\.c: does not compile"):
        compare(out, pcm, windows=2)
    assert compare(out, pcm, windows=2, generated=False)["holds"]
    monkeypatch.setenv("CC", "no-such-compiler")
    missing = [one for one in compare(out, pcm, windows=2)["left_out"] if one["runtime"] == "student.c"]
    assert "C compiler" in missing[0]["why"]


def test_the_verb_writes_every_number_as_csv_and_exits_1_on_a_broken_gate(small_bundle, tmp_path):
    table = tmp_path / "numbers.csv"
    options = ["--windows", 4, "--limit", 1, "--csv", table, "--gate", "C kernel: snr_db>=500", "--json"]
    found = facelite("compare", small_bundle, *options)
    assert found.returncode == 1
    report = json.loads(found.stdout)
    assert all(row["holds"] for row in report["rows"])
    assert "C kernel, ref: snr_db is" in found.stderr
    assert "limit >= 500 (control " in found.stderr
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    told = {(row["runtime"], row["scope"], row["item"], row["measure"]): float(row["value"]) for row in rows}
    kernel = next(row for row in report["runtimes"] if row["runtime"] == "C kernel, ref")
    assert told["C kernel, ref", "output", "", "snr_db"] == kernel["snr_db"]
    assert told["C kernel, ref", "control", "jawOpen", "max_error"] == kernel["controls"][0]["max_error"]
    assert told["C kernel, ref", "layer", "front8", "different"] == 0
    assert told["LiteRT reference", "lsb", "0", "count"] == kernel["lsb"]["0"]


def test_the_verb_exits_1_and_names_the_runtime(other_weight):
    found = facelite("compare", other_weight, "--windows", 4, "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["holds"] is False
    assert "C kernel, ref differs from" in found.stderr
    assert "first in layer front4" in found.stderr


def test_the_verbs_print_one_json_object(small_student, tmp_path):
    made = facelite("convert", small_student, "-o", tmp_path / "out", "--json")
    assert made.returncode == 0
    assert json.loads(made.stdout)["proof"]["holds"]
    assert len(made.stderr.splitlines()) < 10, made.stderr
    found = facelite("compare", tmp_path / "out", "--windows", 4, "--source", small_student, "--json")
    assert found.returncode == 0
    assert json.loads(found.stdout)["holds"]


def test_a_source_of_another_kind_is_refused_as_such(small_bundle, pcm):
    with pytest.raises(BadInput, match=r"student\.onnx.*--source takes no other.*give the \.keras"):
        compare(small_bundle, pcm, source=small_bundle / "student.onnx", windows=2)


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


@pytest.mark.parametrize("name", ["golden.npz", "student_int8.onnx", "student_stream_int8.tflite", "student.h"])
def test_any_other_damaged_file_is_refused_by_name_or_runtime(small_bundle, pcm, name, tmp_path):
    out = tmp_path / "bundle"
    shutil.copytree(small_bundle, out)
    (out / name).write_bytes((out / name).read_bytes()[:900])
    with pytest.raises(BadInput, match=f"{re.escape(name)}|refuses its"):
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


def test_another_student_is_no_source(small_student, small_bundle, pcm, tmp_path):
    import keras

    model = keras.models.load_model(small_student, compile=False)
    model.set_weights([weight * 0.9 for weight in model.get_weights()])
    model.save(tmp_path / "other.keras")
    with pytest.raises(BadInput, match=r"other.keras: is not the student of this bundle"):
        compare(small_bundle, pcm, tmp_path / "other.keras", windows=4)
