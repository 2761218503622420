"""What the page draws: places and sizes that follow from the figures."""

from __future__ import annotations

import pytest
from facelite.report import views


def prediction(us: float, band: float = 0.25) -> dict:
    ends = {"us": us, "low_us": us * (1 - band), "high_us": us * (1 + band)}
    return {**ends, "tier": "neon", "scheduling": "cortex-a57", "clock_ghz": 1.0, "host_errors": {}}


def verdict(title: str, us: float | None, limit_ms: float | None = None) -> dict:
    checks = [] if limit_ms is None else [{"key": "hop", "limit": limit_ms}]
    return {"title": title, "prediction": None if us is None else prediction(us), "checks": checks}


def test_predictions_stand_in_order_on_a_logarithmic_axis():
    rows = views.prediction_rows([verdict("slow", 100, 0.12), verdict("quick", 10, 0.16), verdict("secret", None)], 16)
    assert [row["title"] for row in rows] == ["quick", "slow"]
    quick, slow = rows
    assert quick["mark"] == pytest.approx(100 / 3, abs=0.01)  # 10 of 1 to 1000 µs
    assert slow["mark"] == pytest.approx(200 / 3, abs=0.01)
    assert quick["left"] < quick["mark"] < quick["left"] + quick["width"]
    assert quick["holds"]
    assert not slow["holds"]  # its upper end is 125 µs, above 120
    assert slow["characters"] == 128  # 16000 / 125


def test_layers_controls_and_histograms_of_a_comparison():
    def row(runtime: str, lsb: dict, error: float) -> dict:
        layers = [{"layer": "a", "snr_db": 40.0}, {"layer": "b", "snr_db": 20.0}, {"layer": "c", "snr_db": None}]
        controls = [{"control": "x", "max_error": error}, {"control": "y", "max_error": 2 * error}]
        return {"runtime": runtime, "lsb": lsb, "layers": layers, "controls": controls}

    rows = [row("LiteRT XNNPACK", {"0": 90, "-1": 9, "+2": 1}, 0.2), row("C kernel, ref", {"0": 100}, 0.1)]
    assert [one["share"] for one in views.layer_rows(rows)] == [100, 50, 0]
    assert [one["control"] for one in views.control_rows(rows)] == ["y", "x"]
    assert views.control_rows(rows)[0]["other"]["max_error"] == 0.4
    (one,) = views.histograms(rows)
    assert [(bar["step"], bar["count"]) for bar in one["bars"]] == [(-2, 0), (-1, 9), (0, 90), (1, 0), (2, 1)]
    assert one["bars"][2]["height"] == 100
    assert views.layer_rows([]) == views.control_rows([]) == []


@pytest.mark.parametrize(("value", "top"), [(0.0, 1), (0.07, 0.1), (0.1, 0.1), (0.11, 0.2), (3, 5), (51, 100)])
def test_axes_end_at_round_numbers(value, top):
    assert views.nice_top(value) == pytest.approx(top)
