"""report.csv: every number of a report, one a line, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from ..compare.table import lines

COLUMNS = ("part", "subject", "mode", "scope", "item", "measure", "value", "unit")
Line = tuple[str, str, str, str, str, str, float | str, str]


def to_csv(report: Mapping[str, Any]) -> str:
    """The report's numbers with a heading.

    `part` is "target" (a limit's value, limit and margin), "prediction" and "measured" (µs a hop), "latency", "memory",
    "layer" (work and time), "proof" (pairs that must agree) or "runtime" (distances; `compare.table.lines`).
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for part in (_targets, _measured, _latency, _memory, _layers, _proof):
        writer.writerows(part(report))
    return text.getvalue()


def _targets(report: Mapping[str, Any]) -> Iterator[Line]:
    for verdict in report["verdicts"]:
        for check in verdict["checks"]:
            for measure in ("value", "limit", "margin", "state"):
                if check[measure] is not None:
                    unit = "" if measure == "state" else check["unit"]
                    yield "target", verdict["target"], "", "limit", check["key"], measure, check[measure], unit
        for measure in ("us", "low_us", "high_us"):
            if verdict["prediction"]:
                value = verdict["prediction"][measure]
                yield "prediction", verdict["target"], "", "hop", verdict["tier"], measure, value, "us"


def _measured(report: Mapping[str, Any]) -> Iterator[Line]:
    for device in report["measured"]:
        for row in device["rows"]:
            for measure in ("p50_us", "p99_us", "max_us"):
                yield (
                    "measured",
                    device["target"],
                    device["via"],
                    device["isa"],
                    row["what"],
                    measure,
                    row[measure],
                    "us",
                )


def _latency(report: Mapping[str, Any]) -> Iterator[Line]:
    for row in report["latency"]["by_rate"]:
        for term in row["terms"]:
            yield "latency", f"{row['rate']} Hz", "", "term", term["name"], "ms", term["ms"], "ms"


def _memory(report: Mapping[str, Any]) -> Iterator[Line]:
    for part in report["memory"]["parts"]:
        yield "memory", "student", "", "part", part["name"], "bytes", part["bytes"], "B"
    for step, live in zip(report["memory"]["map"]["steps"], report["memory"]["map"]["live"], strict=True):
        yield "memory", "scratch", "", "step", step, "live", live, "B"


def _layers(report: Mapping[str, Any]) -> Iterator[Line]:
    units = {"frames": "", "macs": "", "weight_bytes": "B", "us": "us"}
    for layer in report["layers"]:
        for measure, unit in units.items():
            if measure in layer:
                yield "layer", "student", "", "layer", layer["name"], measure, layer[measure], unit


def _proof(report: Mapping[str, Any]) -> Iterator[Line]:
    proof = report["proof"] or {"rows": []}
    for row in proof["rows"]:
        for measure in ("compared", "different", "largest"):
            yield "proof", row["runtime"], "", row["reference"], row["signal"], measure, row[measure], ""
    for runtime, mode, scope, item, measure, value in lines(proof.get("runtimes", [])):
        yield "runtime", runtime, mode, scope, item, measure, value, ""
