"""A filled table as Markdown, and tables inside other pages kept equal to their JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from facelite.targets import units

from ..atomic import write_text
from ..errors import BadInput
from .conditions import CLEAN
from .figures import FIGURES, Figure, at
from .subjects import FLOAT, INT8, TEACHER

LIPS = ("f1", "event_recall", "false_alarms", "onset_ms", "labiodental_average_precision")
CURVES = ("correlation", "mse", "velocity_mse", "jitter_unsmoothed", "jitter_smoothed", "open_noise", "open_music")

Grid = tuple[list[str], list[list[str]]]
"""Headings, and rows of as many cells."""

_MARKED = re.compile(r"(<!-- table: (\S+?) (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def render(table: dict[str, Any]) -> str:
    """The whole page: what was measured, the headline group's two tables, and every group's average precision."""
    speech = table["speech"]
    head = table["headline"]
    lines = [
        f"# {table['title']}",
        "",
        f"Figures of `{head}`: {_described(speech[head])}. The reference of r, MSE, velocity and jitter is "
        f"`{table['teacher']}`, over {len(table['controls'])} controls; lips and teeth are held against phone labels. "
        "docs/evaluation.md defines every measure.",
        "",
        part(table, "lips"),
        "",
        part(table, "curves"),
        "",
        part(table, "groups"),
    ]
    return "\n".join(lines) + "\n"


def part(table: dict[str, Any], name: str) -> str:
    """One of the tables: "lips", "curves" or "groups".

    Raises
    ------
    BadInput
        There is no such part.
    """
    headings, rows = cells(table, name)
    rule = ["---"] + ["---:"] * (len(headings) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in (headings, rule, *rows))


def cells(table: dict[str, Any], name: str) -> Grid:
    """The headings and rows of a part, as text; see `part`."""
    parts = {"lips": _lips, "curves": _curves, "groups": _groups}
    if name not in parts:
        raise BadInput("table", f"{name!r} is no part of it", f"use one of {', '.join(parts)}")
    return parts[name](table)


def refresh(page: Path) -> None:
    """Make every table between markers in a Markdown file again from its JSON.

    A marker is ``<!-- table: FILE PART -->``, FILE relative to the page's folder; ``<!-- end of table -->`` closes it.

    Raises
    ------
    BadInput
        The page cannot be read, holds no marker, or a marker names a file or part that is not there.
    """
    try:
        text = page.read_text("utf-8")
    except OSError as error:
        raise BadInput(page, f"cannot be read ({error.strerror})", "give a Markdown file") from None
    if not _MARKED.search(text):
        raise BadInput(page, "holds no table between markers", "write <!-- table: FILE.json lips --> into it")
    write_text(page, refreshed(text, page.parent))


def refreshed(text: str, folder: Path) -> str:
    """`refresh` of a page's text; files are found from `folder`."""

    def again(found: re.Match[str]) -> str:
        try:
            table = json.loads((folder / found[2]).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise BadInput(folder / found[2], f"is no table ({error})", "facelite evaluate writes one") from None
        return f"{found[1]}{part(table, found[3])}\n{found[4]}"

    return _MARKED.sub(again, text)


def _lips(table: dict[str, Any]) -> Grid:
    columns = [FIGURES[key] for key in LIPS]
    headings = ["", "parameters", "memory", "future audio", "AP, float", "AP, int8 C kernel", "AP, 95 %"]
    rows = []
    for row in table["rows"]:
        best = _best(row)
        size, first = row["sizes"][best], row["figures"]
        floating = first.get(FLOAT) or first.get(TEACHER) or {}
        cells = [
            _named(row),
            f"{size['parameters']:,}" if size["parameters"] else "-",
            units.format_bytes(size["memory"]) if size["memory"] else "-",
            "all" if size["future_ms"] is None else f"{size['future_ms']:.0f} ms",
            _cell(floating, FIGURES["average_precision"]),
            _cell(first.get(INT8, {}), FIGURES["average_precision"]),
            _interval(row, best, table["headline"]),
        ]
        rows.append(cells + [_cell(first[best], column) for column in columns])
    return headings + [column.heading for column in columns], rows


def _curves(table: dict[str, Any]) -> Grid:
    columns = [FIGURES[key] for key in CURVES]
    disturbed = [name for name in table["conditions"] if name != CLEAN]
    precision = FIGURES["average_precision"]
    columns += [Figure(at(name), f"AP, {name}", precision.write) for name in disturbed]
    rows = [[_named(row)] + [_cell(row["figures"][_best(row)], column) for column in columns] for row in table["rows"]]
    return ["", *(column.heading for column in columns)], rows


def _groups(table: dict[str, Any]) -> Grid:
    rows = []
    for group, speech in table["speech"].items():
        cells = [group, str(speech["clips"]), str(speech["speakers"]), str(speech["closures"])]
        for row in table["rows"]:
            found = row["by_group"][group][_best(row)]
            cells.append(f"{_cell(found, FIGURES['average_precision'])} / {_cell(found, FIGURES['correlation'])}")
        rows.append(cells)
    names = [f"{row['name']}: AP / r" for row in table["rows"]]
    return ["speech", "clips", "speakers", "closures", *names], rows


def _best(row: dict[str, Any]) -> str:
    """The kind whose figures stand for a row: what ships, where it was measured."""
    return next(kind for kind in (INT8, FLOAT, TEACHER) if kind in row["figures"])


def _named(row: dict[str, Any]) -> str:
    return f"{row['name']}, {row['seeds']} seeds" if row["seeds"] > 1 else row["name"]


def _cell(found: dict[str, dict[str, float | None]], figure: Figure) -> str:
    value = found.get(figure.key)
    if not value or value["mean"] is None:
        return "-"
    text = figure.write(value["mean"])
    return text if value["spread"] is None else f"{text} ± {figure.write(value['spread']).lstrip('+')}"


def _interval(row: dict[str, Any], kind: str, group: str) -> str:
    """Of the first seed: over speakers, which is more than seeds differ by."""
    student = next(student for student in row["students"] if student["kind"] == kind)
    interval = student["scores"][CLEAN][group]["interval"]
    write = FIGURES["average_precision"].write
    return f"{write(interval['low'])} to {write(interval['high'])}" if interval else "-"


def _described(speech: dict[str, Any]) -> str:
    return (
        f"{speech['clips']} clips, {speech['minutes']:.1f} minutes, {speech['speakers']} speakers, "
        f"{speech['closures']} closures of p, b and m"
    )
