"""report.json: its numbers are the library's own, and they add up."""

from __future__ import annotations

import json

import pytest
from facelite import report
from facelite.targets.evidence import Certificate


@pytest.fixture(scope="module")
def stored(page_path) -> dict:
    return json.loads((page_path.parent / "report.json").read_text())


def test_layers_add_up_to_what_the_kernel_says(stored, student):
    layers = stored["layers"]
    assert sum(layer["macs"] for layer in layers) == student.info.macs_per_hop
    assert len(layers) == student.info.ops
    # Packing rounds rows of weights up, so the kernel's figure is the larger.
    assert 0 < sum(layer["weight_bytes"] for layer in layers) <= student.info.weight_bytes


def test_layers_are_told_in_words(stored):
    told = {layer["name"]: (layer["operation"], layer["frames"]) for layer in stored["layers"]}
    assert told["front"] == ("conv 64 × 1 → 8, stride 64, ReLU", 4)  # noqa: RUF001
    assert told["branch"] == ("conv 2 × 8 → 8, dilation 2, ReLU", 1)  # noqa: RUF001
    assert told["residual"][0] == "add 8 channels, ReLU"
    assert told["pool"][0] == "mean of 3 frames"
    assert told["leaky"][0] == "table of 256: leaky relu"


def test_memory_is_the_sum_of_its_parts(stored, student):
    info = student.info
    expected = info.blob_bytes + info.model_bytes + info.stream_bytes + info.scratch_bytes + info.stack_bytes
    assert stored["memory"]["total"] == expected == sum(part["bytes"] for part in stored["memory"]["parts"])


def test_latency_is_the_sum_of_its_terms(stored):
    assert stored["latency"]["ms"] == sum(term["ms"] for term in stored["latency"]["terms"]) == 96


def test_latency_counts_the_resampler_at_other_rates(stored):
    own, *others = stored["latency"]["by_rate"]
    assert (own["rate"], own["ms"]) == (16000, 96)
    assert [row["rate"] for row in others] == [44100, 48000]
    for row in others:
        assert {term["name"] for term in row["terms"]} == {"resampler", "lookahead", "smoothing", "hop"}
        assert row["ms"] == pytest.approx(sum(term["ms"] for term in row["terms"]))
        assert 97 < row["ms"] < 99


def test_a_certificate_is_shown_with_its_verdict(student, graph):
    for holds, told in ((True, "held by every runtime"), (False, "NOT held")):
        facts = report.collect(student, graph, certificate=Certificate(holds, 80.0))
        assert facts["certificate"] == {"holds": holds, "future_ms": 80.0, "failures": ()}
        assert f"Certificate: 80 ms of future audio, {told}" in report.render(facts)


def test_devices_stand_beside_their_predictions(student, graph):
    """What `facelite profile` stores: one device measured, one emulated, whose times mean nothing."""
    times = {"warm": {"p50": 12000, "p99": 15000, "max": 20000}}
    prediction = {"us": 10.0, "low_us": 7.5, "high_us": 12.5, "tier": "neon_dotprod"}
    told = {"via": "ssh:pi", "isa": "neon_dotprod", "emulated": False, "bits": {"holds": True}, "characters": 16}
    target = {"name": "pi-5", "title": "Raspberry Pi 5"}
    device = {**told, "target": target, "times": times, "prediction": prediction}
    facts = report.collect(student, graph, measured=[device, {**device, "via": "qemu", "emulated": True}])
    (row,) = facts["measured"][0]["rows"]
    assert (row["what"], row["p50_us"], row["predicted_us"]) == ("warm", 12, 10)
    assert row["error"] == pytest.approx(0.2)
    assert facts["measured"][1]["rows"] == []
    page = report.render(facts)
    assert "+20 %" in page
    assert "emulated: no times" in page


def test_times_say_where_they_were_measured(stored, student):
    timing = stored["timing"]
    assert timing["where"] == "measured on this host"
    assert timing["isa"] == student.isa
    assert 0 < timing["hop_us"]["p50"] <= timing["hop_us"]["p99"] <= timing["hop_us"]["max"]
    assert all(layer["us"] > 0 for layer in stored["layers"])
