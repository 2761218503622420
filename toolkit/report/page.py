"""Renders report.html: one file that holds its sound, curves, styles and code, and needs no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from facelite.targets import units

from ..atomic import write_text
from . import views
from .clip import Clip
from .table import to_csv

_HERE = Path(__file__).parent
_STYLES = ("report.css", "face.css")
_SCRIPTS = ("mouth.js", "face.js", "clip.js", "gaps.js", "rows.js", "theme.js", "timeline.js", "player.js", "main.js")
"""In order of use: they are joined into one function's body."""


def write(folder: str | Path, report: Mapping[str, Any], clip: Clip | None = None) -> Path:
    """Write report.json, .csv and .html into `folder`, each whole or not at all; returns the page's path."""
    folder = Path(folder)
    write_text(folder / "report.json", json.dumps(report, indent=2, allow_nan=False) + "\n")
    write_text(folder / "report.csv", to_csv(report))
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
            proof_rows=proof_rows(report["proof"]["rows"]) if report["proof"] else [],
            **_views(report),
            clip=clip.packed() if clip else None,
            clip_sound=clip.sound() if clip else None,
            style=inline(_STYLES),
            script=inline(_SCRIPTS),
            face_svg=inline(("face.svg",)),
        )
    )


_HUES = {"lookahead": 0, "smoothing": 1, "hop": 2, "resampler": 3}
_KINDS = {"history": "history", "frames": "new frames", "rows": "collected rows"}
_PER_TARGET = ("isa", "hop", "characters")
"""Limits whose value is another on every target."""


def _views(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the templates draw, by their names for it."""
    runtimes = (report["proof"] or {}).get("runtimes", [])
    return {
        "targets": views.target_rows(report["verdicts"]),
        "predictions": views.prediction_rows(report["verdicts"], report["student"]["hop_ms"]),
        "layer_proof": views.layer_rows(runtimes),
        "control_proof": views.control_rows(runtimes),
        "differing": views.histograms(runtimes),
        "curve": views.curve,
        "nice_top": views.nice_top,
        "hues": _HUES,
        "kinds": _KINDS,
        "per_target": _PER_TARGET,
    }


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
        "figure": figure,
        "lsb": lsb_summary,
        "ms": units.format_milliseconds,
        "us": lambda us: f"{us:,.0f}" if us >= 1000 else f"{us:.3g}",
        "thousands": lambda count: f"{count:,}",
    }
    return made


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


def amount(value: float | str, unit: str) -> str:
    """A value of a check for people."""
    if isinstance(value, str):
        return value
    if unit == "%":
        return f"{value:.3g} %"
    return units.format_bytes(value) if unit == "B" else units.format_milliseconds(value)


def figure(value: float | None, form: str) -> str:
    """A number in a form like '%.3f', or a dash for None."""
    return "\N{EN DASH}" if value is None else form % value


def short_count(count: int) -> str:
    """'271 k', '2.5 M'."""
    if count >= 1_000_000:
        return f"{count / 1e6:.2f} M"
    return f"{count / 1e3:.0f} k" if count >= 10_000 else f"{count:,}"


def inline(names: tuple[str, ...]) -> jinja2.utils.markupsafe.Markup:
    """Files of static/ one after another, as markup that is not escaped."""
    texts = ((_HERE / "static" / name).read_text(encoding="utf-8").strip() for name in names)
    return jinja2.utils.markupsafe.Markup("\n\n".join(texts))
