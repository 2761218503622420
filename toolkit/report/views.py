"""Turns what report.json holds into what the page's templates draw: rows, shares, and places in drawings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

TOP_US, BOTTOM_US = 1000.0, 1.0
"""Ends of the page's axis of predicted times, logarithmic."""


def target_rows(verdicts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`limits`, the kinds of limit in order with what this student takes; `targets`, a check or None for each."""
    limits: dict[str, dict[str, Any]] = {}
    for verdict in verdicts:
        for check in verdict["checks"]:
            shown = {key: check[key] for key in ("key", "label", "meaning", "unit", "value")}
            limits.setdefault(check["key"], shown)
    rows = []
    for verdict in verdicts:
        by_key = {check["key"]: check for check in verdict["checks"]}
        checks = [by_key.get(key) for key in limits]
        rows.append({**verdict, "checks": checks, "unchecked": [key in verdict["unchecked"] for key in limits]})
    return {"limits": list(limits.values()), "targets": rows}


def prediction_rows(verdicts: Sequence[Mapping[str, Any]], hop_ms: float) -> list[dict[str, Any]]:
    """Targets with a prediction, quickest first: its band on the axis, the limit, and characters that fill a core."""
    rows = []
    for verdict in verdicts:
        found = verdict["prediction"]
        if found is None:
            continue
        limit = next((1000 * check["limit"] for check in verdict["checks"] if check["key"] == "hop"), None)
        rows.append(
            {
                "title": verdict["title"],
                **found,
                "left": _on_axis(found["low_us"]),
                "width": max(0.8, _on_axis(found["high_us"]) - _on_axis(found["low_us"])),
                "mark": _on_axis(found["us"]),
                "limit_us": limit,
                "limit": None if limit is None else _on_axis(limit),
                "holds": limit is None or found["high_us"] <= limit,
                "characters": math.floor(1000 * hop_ms / found["high_us"]),
            }
        )
    return sorted(rows, key=lambda row: row["us"])


def _on_axis(us: float) -> float:
    """Per cent of the axis' length."""
    share = math.log(us / BOTTOM_US) / math.log(TOP_US / BOTTOM_US)
    return round(100 * min(max(share, 0.0), 1.0), 2)


def layer_rows(runtimes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Layer by layer: the kernel's best tier against the float student, and XNNPACK's codes against the oracle's."""
    kernel, other = _kernel(runtimes), _named(runtimes, "LiteRT XNNPACK")
    if kernel is None:
        return []
    theirs = {row["layer"]: row for row in other["layers"]} if other else {}
    top = max((row["snr_db"] or 0 for row in kernel["layers"]), default=1)
    return [
        {**row, "share": 100 * max(row["snr_db"] or 0, 0) / max(top, 1e-9), "other": theirs.get(row["layer"])}
        for row in kernel["layers"]
    ]


def control_rows(runtimes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Control by control: the kernel's best tier and XNNPACK against the float student, the largest error first."""
    kernel, other = _kernel(runtimes), _named(runtimes, "LiteRT XNNPACK")
    if kernel is None:
        return []
    theirs = {row["control"]: row for row in other["controls"]} if other else {}
    top = max((row["max_error"] for row in kernel["controls"]), default=0) or 1
    rows = [
        {**row, "share": 100 * row["max_error"] / top, "other": theirs.get(row["control"])}
        for row in kernel["controls"]
    ]
    return sorted(rows, key=lambda row: -row["max_error"])


def histograms(runtimes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Runtimes whose codes differ: for each step of codes its count and a height, of the logarithm of the count."""
    found = []
    for row in runtimes:
        steps = {int(step): count for step, count in row.get("lsb", {}).items()}
        if set(steps) <= {0}:
            continue
        reach = max(abs(step) for step in steps)
        top = math.log1p(max(steps.values()))
        bars = [
            {"step": step, "count": steps.get(step, 0), "height": 100 * math.log1p(steps.get(step, 0)) / top}
            for step in range(-reach, reach + 1)
        ]
        found.append({"runtime": row["runtime"], "values": sum(steps.values()), "bars": bars})
    return found


def curve(values: Sequence[float], top: float, width: float, height: float) -> str:
    """Points of an SVG polyline over the whole width; `top` is drawn at height 0."""
    step = width / max(len(values) - 1, 1)
    return " ".join(f"{index * step:.1f},{height * (1 - value / top):.1f}" for index, value in enumerate(values))


def nice_top(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten: where an axis may end."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-9))


def _kernel(runtimes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The strongest tier: the last row of the C kernel."""
    return next((row for row in reversed(runtimes) if row["runtime"].startswith("C kernel")), None)


def _named(runtimes: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    return next((row for row in runtimes if row["runtime"] == name), None)
