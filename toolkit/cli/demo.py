"""`facelite demo`: the whole path with the student that ships."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .common import console, exit_with, note

if TYPE_CHECKING:
    from ..demo import Outcome


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    out: Annotated[Path, typer.Option("--output", "--out", "-o", help="Folder for the bundle.")] = Path("out"),
) -> None:
    """Convert the shipped student, prove it, hold it to every target, animate a human recording."""
    from ..demo import run

    started = time.monotonic()
    outcome = run(out, progress=lambda text: note(f"[{time.monotonic() - started:5.1f} s] {text}"))
    console().print(_summary(outcome))
    console().print(f"[bold]Open {outcome.report.page}[/] in a browser: it needs no network.")
    for verdict in outcome.report.facts["verdicts"]:
        for check in verdict["checks"]:
            if not check["holds"]:
                note(f"{verdict['target']}: {check['label']} is {check['value']}, limit {check['limit']}")
    exit_with(outcome.holds)


def _summary(outcome: Outcome) -> Table:
    from facelite.targets.units import format_bytes

    facts = outcome.report.facts
    compared = sum(row["compared"] for row in facts["proof"]["rows"])
    different = sum(row["different"] for row in facts["proof"]["rows"])
    fitting = [verdict["target"] for verdict in facts["verdicts"] if verdict["holds"]]
    grid = Table(show_header=False, box=None, padding=(0, 2))
    grid.add_row("student", f"{facts['student']['name']}, {facts['student']['parameters']:,} parameters, int8")
    grid.add_row("proof", f"{different:,} of {compared:,} values differ between oracle, LiteRT and kernel")
    grid.add_row("fits", ", ".join(fitting) or "no target")
    grid.add_row("memory", f"{format_bytes(facts['memory']['total'])} for one character, all included")
    grid.add_row("latency", " + ".join(f"{term['name']} {term['ms']:g}" for term in facts["latency"]["terms"]) + " ms")
    hop = facts["timing"]["hop_us"]["p50"]
    grid.add_row("cost", f"{hop:.1f} µs a {facts['student']['hop_ms']:g} ms hop, {facts['timing']['isa']}, this host")
    grid.add_row("curves", str(outcome.curves))
    return grid
