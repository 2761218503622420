"""report.json: its numbers are the library's own, and they add up."""

from __future__ import annotations

import json

import pytest


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


def test_times_say_where_they_were_measured(stored, student):
    timing = stored["timing"]
    assert timing["where"] == "measured on this host"
    assert timing["isa"] == student.isa
    assert 0 < timing["hop_us"]["p50"] <= timing["hop_us"]["p99"] <= timing["hop_us"]["max"]
    assert all(layer["us"] > 0 for layer in stored["layers"])
