"""report.csv says what report.json says."""

from __future__ import annotations

import csv
import json

import pytest


@pytest.fixture(scope="module")
def stored(page_path) -> dict:
    return json.loads((page_path.parent / "report.json").read_text())


@pytest.fixture(scope="module")
def told(page_path) -> dict[tuple[str, ...], str]:
    with (page_path.parent / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = {(row["part"], row["subject"], row["item"], row["measure"]): row["value"] for row in rows}
    assert len(found) == len(rows) > 100
    return found


def test_targets_with_values_limits_and_margins(told, stored):
    for verdict in stored["verdicts"]:
        for check in verdict["checks"]:
            key = "target", verdict["target"], check["key"]
            assert told[*key, "state"] == check["state"]
            if check["margin"] is not None:
                assert float(told[*key, "limit"]) - float(told[*key, "value"]) == pytest.approx(
                    float(told[*key, "margin"])
                )
        if verdict["prediction"]:
            assert float(told["prediction", verdict["target"], verdict["tier"], "us"]) == verdict["prediction"]["us"]


def test_layers_memory_and_latency_add_up(told, stored):
    layers = [key for key in told if key[0] == "layer" and key[3] == "macs"]
    assert sum(float(told[key]) for key in layers) == stored["student"]["macs_per_hop"]
    parts = [key for key in told if key[:2] == ("memory", "student")]
    assert sum(float(told[key]) for key in parts) == stored["memory"]["total"]
    for row in stored["latency"]["by_rate"]:
        terms = [key for key in told if key[:2] == ("latency", f"{row['rate']} Hz")]
        assert sum(float(told[key]) for key in terms) == pytest.approx(row["ms"])
