"""Gates: what they read, whom they judge, and what they say when they are broken."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import BadInput
from facelite.cli.common import console
from facelite.compare import parse_gate, read_gates
from facelite.compare.gates import complaint, judge
from facelite.compare.numeric import distance
from facelite.compare.printed import _judged


def row(runtime: str, correlation: float, **more) -> dict:
    controls = [
        {"control": "jawOpen", "correlation": 0.999, "max_error": 0.01},
        {"control": "mouthPucker", "correlation": correlation, "max_error": 0.3},
        {"control": "tongueOut", "correlation": None, "max_error": 0.0},
    ]
    layers = [
        {"layer": "front", "snr_db": 40.0, "max_lsb": 0},
        {"layer": "body", "snr_db": 18.0, "max_lsb": 2},
        {"layer": "head", "snr_db": None, "max_lsb": 1},
    ]
    own = {"runtime": runtime, "correlation": correlation, "closure_f1": None, "parts": None}
    return {**own, "controls": controls, "layers": layers, **more}


def test_a_broken_gate_names_runtime_control_layer_value_and_limit():
    (judged,) = judge([parse_gate("correlation >= .98")], [row("C kernel, ref", 0.9)])
    assert not judged["holds"]
    told = complaint(judged)
    for part in ("C kernel, ref", "correlation is 0.9,", ">= 0.98", "control mouthPucker", "layer body"):
        assert part in told


def test_the_worst_control_or_layer_decides():
    rows = [row("C kernel, ref", 0.97)]
    assert not judge([parse_gate("control.correlation>=.98")], rows)[0]["holds"]
    assert judge([parse_gate("control.correlation>=.96")], rows)[0]["control"] == "mouthPucker"
    judged = judge([parse_gate("layer.snr_db>=20"), parse_gate("layer.max_lsb<=2")], rows)
    assert [(one["layer"], one["value"], one["holds"]) for one in judged] == [("body", 18.0, False), ("body", 2, True)]


def test_where_a_runtime_parts_comes_before_its_noisiest_layer():
    (judged,) = judge([parse_gate("correlation>=.98")], [row("XNNPACK", 0.9, parts={"layer": "front"})])
    assert judged["layer"] == "front"


def test_a_value_equal_to_its_limit_keeps_it():
    assert judge([parse_gate("correlation>=0.9")], [row("any", 0.9)])[0]["holds"]
    assert judge([parse_gate("correlation<=0.9")], [row("any", 0.9)])[0]["holds"]


def test_a_gate_may_be_about_some_runtimes():
    rows = [row("LiteRT XNNPACK", 0.9), row("C kernel, ref", 0.99), row("C kernel, avx2", 0.99)]
    assert [one["runtime"] for one in judge([parse_gate("c kernel: correlation>=.98")], rows)] == [
        "C kernel, ref",
        "C kernel, avx2",
    ]


@pytest.mark.parametrize("text", ["closure_f1>=.5", "Core ML: correlation>=.9"])
def test_a_gate_that_judges_nothing_is_refused(text):
    with pytest.raises(BadInput, match=r"has no value here|no runtime is called Core ML"):
        judge([parse_gate(text)], [row("C kernel, ref", 0.99)])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "correlation",
        "correlation > 1",
        "corelation>=1",
        "correlation>=high",
        "correlation>=nan",
        "max_error<=inf",
        ">=1",
    ],
)
def test_what_is_no_gate_is_refused(text):
    with pytest.raises(BadInput, match="gate"):
        parse_gate(text)


def test_an_exact_match_keeps_every_lower_limit_of_noise():
    exact = row("C kernel, ref", 1.0, snr_db=None, max_error=0.0)
    (judged,) = judge([parse_gate("snr_db>=60")], [exact])
    assert (judged["holds"], judged["value"]) == (True, None)


def test_the_worst_of_a_gate_is_printed_even_where_all_are_exact(capsys):
    exact, noisy = (
        row(name, 1.0, snr_db=snr, max_error=error) for name, snr, error in (("a", None, 0.0), ("b", 12.5, 0.1))
    )
    for runtimes, said in (([exact], "exact"), ([exact, noisy], "12.5")):
        console().print(_judged(judge([parse_gate("snr_db>=10")], runtimes)))
        assert said in capsys.readouterr().out


def test_a_runtime_that_answers_nothing_keeps_no_cosine():
    found = distance(np.zeros((5, 2)), np.ones((5, 2)))
    assert found["cosine"] == 0
    assert not judge([parse_gate("cosine>=.99")], [row("C kernel, ref", 0.0, **found)])[0]["holds"]


def test_gates_of_a_file(tmp_path):
    file = tmp_path / "gates.toml"
    file.write_text('gates = ["correlation >= .98", "C kernel: max_lsb <= 0"]')
    assert [gate.measure for gate in read_gates(file)] == ["correlation", "max_lsb"]
    for text in ('gates = ["corelation>=1"]', "gates = 3", 'gate = ["correlation>=1"]', "gates = ["):
        file.write_text(text)
        with pytest.raises(BadInput, match=r"gates\.toml"):
            read_gates(file)


def test_a_target_profile_may_hold_gates(tmp_path):
    from facelite.targets import profile

    file = tmp_path / "ours.toml"
    own = 'name = "ours"\ntitle = "Ours"\nextends = "ps5"\n'
    file.write_text(own + 'gates = ["correlation >= .98"]\n')
    assert profile.load(file).gates == ["correlation >= .98"]
    file.write_text(own + 'gates = ["corelation >= .98"]\n')
    with pytest.raises(BadInput, match=r"ours\.toml, line 4: gates .*corelation"):
        profile.load(file)
