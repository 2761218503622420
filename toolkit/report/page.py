"""Renders report.html: one file that holds its sound, curves, styles and code, and needs no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from facelite.targets import units

from ..atomic import write_text
from .clip import Clip

_HERE = Path(__file__).parent
_STYLES = ("report.css", "face.css")
_SCRIPTS = ("mouth.js", "face.js", "clip.js", "gaps.js", "rows.js", "theme.js", "timeline.js", "player.js", "main.js")
"""In order of use: they are joined into one function's body."""


def write(folder: str | Path, report: Mapping[str, Any], clip: Clip | None = None) -> Path:
    """Write report.json and report.html into `folder`, each whole or not at all; returns the page's path."""
    folder = Path(folder)
    write_text(folder / "report.json", json.dumps(report, indent=2, allow_nan=False) + "\n")
    write_text(folder / "report.html", render(report, clip))
    return folder / "report.html"


def render(report: Mapping[str, Any], clip: Clip | None = None) -> str:
    """The page for a report, with a player when there is a clip.

    Parameters
    ----------
    report
        What `facelite.report.collect` returns.
    clip
        The recording to play.
    """
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            verdict_rows=verdict_rows(report["verdicts"]),
            proof_rows=proof_rows(report["proof"]["rows"]) if report["proof"] else [],
            clip=clip.packed() if clip else None,
            clip_sound=clip.sound() if clip else None,
            style=inline(_STYLES),
            script=inline(_SCRIPTS),
            face_svg=inline(("face.svg",)),
        )
    )


def environment() -> jinja2.Environment:
    """Finds templates/, escapes what it is given, and knows the pages' filters."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "amount": amount,
        "bytes": units.format_bytes,
        "count": short_count,
        "lsb": lsb_summary,
        "ms": units.format_milliseconds,
        "thousands": lambda count: f"{count:,}",
    }
    return made


def verdict_rows(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Verdicts turned sideways: a row for each kind of limit, a check for each target or None where it sets none."""
    rows: dict[str, dict[str, Any]] = {}
    for column, verdict in enumerate(verdicts):
        for check in verdict["checks"]:
            shown = {key: check[key] for key in ("label", "meaning", "unit", "value")}
            row = rows.setdefault(check["key"], {**shown, "checks": [None] * len(verdicts)})
            row["checks"][column] = check
    return list(rows.values())


def proof_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a pair of runtimes, over all the signals that they were compared on."""
    pairs: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        names = {"runtime": row["runtime"], "reference": row["reference"]}
        start = {**names, "signals": [], "compared": 0, "different": 0, "largest": 0, "holds": True}
        pair = pairs.setdefault((row["runtime"], row["reference"]), start)
        pair["signals"].append(row["signal"])
        pair["compared"] += row["compared"]
        pair["different"] += row["different"]
        pair["largest"] = max(pair["largest"], row["largest"])
        pair["holds"] = pair["holds"] and row["holds"]
    return list(pairs.values())


def lsb_summary(histogram: Mapping[str, int]) -> str:
    """How many int8 codes differ from LiteRT's reference kernels: 'equal', or '1.3 % differ, at most 2 codes'."""
    total = sum(histogram.values())
    different = total - histogram.get("0", 0)
    if different == 0:
        return "equal"
    most = max(abs(int(step)) for step in histogram)
    return f"{100 * different / total:.2g} % differ, by at most {most}"


def amount(value: float, unit: str) -> str:
    """A value of a check for people."""
    return units.format_bytes(value) if unit == "B" else units.format_milliseconds(value)


def short_count(count: int) -> str:
    """'271 k', '2.5 M'."""
    if count >= 1_000_000:
        return f"{count / 1e6:.2f} M"
    return f"{count / 1e3:.0f} k" if count >= 10_000 else f"{count:,}"


def inline(names: tuple[str, ...]) -> jinja2.utils.markupsafe.Markup:
    """Files of static/ one after another, as markup that is not escaped."""
    texts = ((_HERE / "static" / name).read_text(encoding="utf-8").strip() for name in names)
    return jinja2.utils.markupsafe.Markup("\n\n".join(texts))
