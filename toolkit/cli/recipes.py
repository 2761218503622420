"""`facelite recipes`: how a student fares under each way of making integers of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from .common import AsJson, console, exit_with, note, print_json


def register(app: typer.Typer) -> None:
    """Add the verb to `app`."""
    app.command()(recipes)


def recipes(
    student: Annotated[str, typer.Argument(help="A float student: .keras, .onnx or a SavedModel folder.")],
    audio: Annotated[Path, typer.Option(help="Folder of speech to measure on; it must calibrate nothing.")],
    recipe: Annotated[list[str] | None, typer.Option(help="Only this recipe; may be given again.")] = None,
    activations: Annotated[str | None, typer.Option("--range", help="As of convert.")] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Labelled corpus to judge int8 on: closure AP and correlation.")
    ] = None,
    teacher: Annotated[str, typer.Option(help="Whose curves are the reference of that correlation.")] = "oracle",
    spec: Annotated[str | None, typer.Option(help="student.toml, when it is not beside the model.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure recipes against the float student in LiteRT; with --corpus, exit 1 if int8 loses more than it may."""
    from facelite.converters import judge, measure
    from facelite.converters.calibration import from_folder
    from facelite.converters.recipes import RECIPES

    names = recipe or [name for name in RECIPES if name != "qat"]
    opened = measure.float_student(student, spec, activations)
    clips = from_folder(audio, opened.graph.sample_rate)
    report: dict[str, Any] = {
        "student": opened.graph.name,
        "range": opened.method,
        "windows": measure.WINDOWS,
        "rows": measure.measure(opened, clips, names, note),
    }
    if corpus:
        note("judging int8 on labels")
        report["judged"] = judge.judge(opened, corpus, teacher, names)
    if as_json:
        print_json(report)
    else:
        console().print(_measured(report["rows"]))
        if corpus:
            console().print(_judged(report["judged"]["rows"]))
    exit_with(not corpus or report["judged"]["holds"])


def _measured(rows: list[dict[str, Any]]) -> Table:
    grid = Table(title="SNR in dB / correlation against float, by level", title_justify="left")
    grid.add_column("recipe")
    for level in rows[0]["levels"]:
        grid.add_column(f"{level} dB", justify="right")
    for heading in ("kB", "ms a window"):
        grid.add_column(heading, justify="right")
    for row in rows:
        levels = row["levels"].values()
        found = [f"{_number(level['snr_db'], 1)} / {_number(level['correlation'], 4)}" for level in levels]
        grid.add_row(row["recipe"], *found, f"{row['bytes'] / 1000:.0f}", f"{row['ms']:.2f}")
    return grid


def _number(value: float | None, digits: int) -> str:
    """None where nothing moves, or nothing differs."""
    return "-" if value is None else f"{value:.{digits}f}"


def _judged(rows: list[dict[str, Any]]) -> Table:
    grid = Table(title="Lost against float on labelled speech, and the most it may lose", title_justify="left")
    for heading in ("recipe", "level", "closure AP", "r", "AP lost", "r lost", ""):
        grid.add_column(heading, justify="left" if heading == "recipe" else "right")
    for row in rows:
        lost = [f"{lost:+.4f} of {limit}" for lost, limit in zip(row["lost"], row["limit"], strict=True)]
        figures = (f"{row['average_precision']:.3f}", f"{row['correlation']:.3f}")
        grid.add_row(row["recipe"], f"{row['level_db']:g} dB", *figures, *lost, "holds" if row["holds"] else "BROKEN")
    return grid
