"""What `facelite compare` prints for people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ..cli.common import console


def print_report(report: dict[str, Any]) -> None:
    """Every table of `compare` on stdout."""
    out = console()
    out.print(_distances(report))
    out.print(_looks(report))
    for verdict in _verdicts(report):
        out.print(verdict, highlight=False)
    for line in _partings(report["runtimes"]):
        out.print(line, highlight=False)
    for one in report["left_out"]:
        out.print(f"not run: {one['runtime']}: {one['why']}", highlight=False)
    if report["gates"]:
        out.print(_judged(report["gates"]))
    if "saturation" in report:
        out.print(_saturated(report["saturation"]))


def _saturated(found: dict[str, Any]) -> Table:
    grid = Table(title="if maddubs were taken for exact", title_justify="left", box=SIMPLE_HEAD)
    grid.add_column("layer", no_wrap=True)
    for heading in ("unsafe pairs", "sums saturated", "codes wrong", "by up to"):
        grid.add_column(heading, justify="right")
    for row in found["layers"]:
        unsafe, sums = f"{row['unsafe']} of {row['pairs']}", f"{_share(row['saturated'], row['sums'])}"
        grid.add_row(row["layer"], unsafe, sums, _share(row["different"], row["values"]), str(row["largest"]))
    output = found["output"]
    grid.add_section()
    grid.add_row("output, all layers", "", "", _share(output["different"], output["values"]), str(output["largest"]))
    return grid


def _share(count: int, of: int) -> str:
    return "0" if count == 0 else f"{100 * count / of:.2g} %"


def _distances(report: dict[str, Any]) -> Table:
    grid = _grid(f"distance to the {report['against']}; codes against LiteRT reference")
    for heading in ("error", "SNR dB", "cosine", "scale", "equal", "off 1", "more"):
        grid.add_column(heading, justify="right")
    for row in _grouped(report["runtimes"], grid):
        snr = "exact" if row["snr_db"] is None else f"{row['snr_db']:.1f}"
        numbers = (f"{row['max_error']:.0e}", snr, _number(row["cosine"], 5), _number(row["scale"], 4))
        grid.add_row(row["runtime"], *numbers, *_steps(row.get("lsb")))
    return grid


def _looks(report: dict[str, Any]) -> Table:
    grid = _grid(f"against the {report['against']}; closures by {report['closures']['against']}")
    for heading in ("r", "worst r", "of control", "jitter", "F1", "AP"):
        grid.add_column(heading, justify="left" if heading == "of control" else "right")
    for row in _grouped(report["runtimes"], grid):
        moving = [one for one in row["controls"] if one["correlation"] is not None]
        worst = min(moving, key=lambda one: one["correlation"], default=None)
        told = (f"{worst['correlation']:.4f}", worst["control"]) if worst else ("-", "")
        jitter = "-" if row["jitter_ratio"] is None else f"x{row['jitter_ratio']:.3f}"
        closures = (_number(row[name], 3) for name in ("closure_f1", "closure_ap"))
        grid.add_row(row["runtime"], _number(row["correlation"], 4), *told, jitter, *closures)
    return grid


def _grid(title: str) -> Table:
    grid = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    grid.add_column("runtime", no_wrap=True)
    return grid


def _grouped(rows: list[dict[str, Any]], grid: Table) -> Iterator[dict[str, Any]]:
    """The rows, those given windows first; a heading before each kind."""
    for mode in ("windowed", "streaming"):
        grid.add_section()
        grid.add_row(f"[dim]{mode}[/]")
        yield from (row for row in rows if row["mode"] == mode)


def _partings(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        if part := row["parts"]:
            yield f"{row['runtime']} first parts from {part['reference']} in layer {part['layer']}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _steps(lsb: dict[str, int] | None) -> list[str]:
    """How many codes are equal, one off, and further off."""
    if lsb is None:
        return ["-", "-", "-"]
    equal, near = lsb.get("0", 0), lsb.get("+1", 0) + lsb.get("-1", 0)
    return [str(equal), str(near), str(sum(lsb.values()) - equal - near)]


def _judged(rows: list[dict[str, Any]]) -> Table:
    """One row a gate: the runtime that comes nearest to breaking it, or breaks it most."""
    grid = Table(title="gates", title_justify="left", box=SIMPLE_HEAD)
    for heading in ("gate", "worst runtime", "value", "verdict"):
        grid.add_column(heading)
    for text in dict.fromkeys(row["gate"] for row in rows):
        own = [row for row in rows if row["gate"] == text]
        worst = min(own, key=_margin)
        broken = sum(not row["holds"] for row in own)
        verdict = f"[bold red]broken by {broken} of {len(own)}[/]" if broken else "[green]holds[/]"
        grid.add_row(text, worst["runtime"], "exact" if worst["value"] is None else f"{worst['value']:.4g}", verdict)
    return grid


def _margin(row: dict[str, Any]) -> float:
    """By how much a runtime keeps its gate; the value is None where it matches exactly: an infinite ratio."""
    value = math.inf if row["value"] is None else row["value"]
    return value - row["limit"] if row["relation"] == ">=" else row["limit"] - value


def _verdicts(report: dict[str, Any]) -> list[str]:
    """One line a pair that must be equal, its signals taken together."""
    pairs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in report["rows"]:
        pairs.setdefault((row["runtime"], row["reference"]), []).append(row)
    lines = []
    for (runtime, against), rows in pairs.items():
        different, compared = (sum(row[key] for row in rows) for key in ("different", "compared"))
        verdict = "[green]equal[/]" if different == 0 else f"[bold red]{different} differ[/]"
        lines.append(f"{runtime} = {against}: {verdict} ({compared} values)")
    return lines
