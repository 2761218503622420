"""Keras students through our own quantiser: float is Keras's, integers are those that TFLiteConverter rounds to."""

from __future__ import annotations

import json

import numpy as np
import pytest
from facelite import BadInput, companding, reference
from facelite.converters.bundle import convert, load_graph
from facelite.converters.cross_check import cross_check
from facelite.converters.recipes import FloatStudent
from facelite.converters.sources import open_source
from facelite.graph import Conv

HEADS = 6


@pytest.mark.parametrize("seed", range(HEADS))
def test_random_students_get_the_integers_of_tflite_converter(seed, recipe, keras_student, signals, tmp_path):
    """One of each head; TFLiteConverter folds normalisations in float32, so that a few weights round otherwise."""
    plan = recipe(seed)
    model = keras_student(plan)
    model.save(tmp_path / "student.keras")
    controls = ", ".join(f'"c{index}"' for index in range(plan.controls))
    (tmp_path / "student.toml").write_text(f'name = "r"\nlookahead = {plan.lookahead}\ncontrols = [{controls}]\n')
    source = open_source(tmp_path / "student.keras", None)
    graph = source.graph()
    heard = companding.decode(signals["speech"])
    window = heard[20000 : 20000 + plan.window]
    expected = np.asarray(model(window[None, :, None])).ravel()
    assert np.abs(reference.run_window(graph, window) - expected).max() < 1e-5 * max(1, np.abs(expected).max())
    owners = {op.name.partition(".")[0] for op in graph.ops if isinstance(op, Conv)}
    assert owners <= {layer.name for layer in model.layers}
    assert len({op.name for op in graph.ops}) == len(graph.ops)
    ours = FloatStudent(graph, [heard]).int8(pair_safe=False)
    found = cross_check(source.model, source.spec, graph, ours, [heard])
    if found["integers"] is not None:
        assert found["different"] <= 0.002 * found["integers"]
    for snr in found["snr_db"].values():
        assert snr["ours"] is None or snr["ours"] > snr["theirs"] - 6


def test_convert_says_how_far_tflite_converter_is(small_student, tmp_path):
    facts = convert(small_student, tmp_path / "out", cross_check=True, recipe="int8", method="min_max")
    found = facts["cross_check"]
    graph = load_graph(tmp_path / "out")
    assert found["integers"] == graph.parameters
    assert found["different"] <= 0.002 * found["integers"]
    # The same rule on nearly the same audio: the two must be about as good.
    assert abs(found["snr_db"]["0"]["ours"] - found["snr_db"]["0"]["theirs"]) < 6


def test_the_report_shows_each_layer_s_range(small_bundle):
    conversion = json.loads((small_bundle / "report.json").read_text())["conversion"]
    graph = load_graph(small_bundle)
    assert conversion["recipe"] == "int8_pair_safe"
    assert conversion["calibration"]["method"] == "percentile"
    for row, tensor in zip(conversion["layers"], graph.tensors[1:], strict=True):
        low, high = row["range"]
        assert row["seen"][0] <= low <= high <= row["seen"][1] or row["kind"] == "conv"
        assert (high - low) / 255 == pytest.approx(tensor.quant.scale, rel=1e-6)
        assert 0 <= row["clipped"] < 1e-4


@pytest.mark.parametrize(("option", "given"), [("recipe", "int4"), ("method", "entropy")])
def test_an_unknown_choice_is_answered_with_the_known_ones(option, given, small_student, tmp_path):
    with pytest.raises(BadInput, match=f"no '{given}'.*give one of"):
        convert(small_student, tmp_path / "out", **{option: given})


def test_a_quantised_student_takes_no_recipe(small_student, small_bundle, tmp_path):
    spec = small_student.with_name("student.toml")
    with pytest.raises(BadInput, match="keeps its integers"):
        convert(small_bundle / "student_int8.tflite", tmp_path / "out", spec, recipe="int8")


def test_a_teacher_is_for_training_and_must_listen(small_student, tmp_path):
    with pytest.raises(BadInput, match="teaches nothing with recipe int8"):
        convert(small_student, tmp_path / "out", recipe="int8", teacher="oracle")
    with pytest.raises(BadInput, match="must be told the phones"):
        convert(small_student, tmp_path / "out", recipe="qat", teacher="oracle")
