"""`facelite certify`: no frame hears more of the future than the student says."""

from __future__ import annotations

import math
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ..errors import BadInput
from .common import AsJson, check_folder, console, exit_with, note, print_json


def register(app: typer.Typer) -> None:
    app.command()(certify)


def certify(
    bundle: Annotated[str, typer.Argument(help="Bundle folder.")],
    audio: Annotated[str | None, typer.Option("--audio", help="Sound file; without it, a packaged recording.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.5, help="How much of it is used.")] = 2.0,
    times: Annotated[int, typer.Option("--times", min=1, help="Frames whose future is disturbed.")] = 8,
    rate: Annotated[
        list[int] | None,
        typer.Option("--rate", help="Hz the kernel also hears; may be repeated (16 kHz students: 44100 and 48000)."),
    ] = None,
    store: Annotated[bool, typer.Option("--write", help="Write certificate.json into the bundle.")] = False,
    as_json: AsJson = False,
) -> None:
    """Prove on whole clips, in every runtime, that frames do not hear beyond their lookahead; exit 1 when one does."""
    from .. import data
    from ..certify import certificate
    from ..speech.audio import read
    from ..student import load

    check_folder(bundle)
    if not math.isfinite(seconds):
        raise BadInput("--seconds", f"{seconds:g} is no length", "give seconds of audio")
    own = load(bundle).sample_rate
    path = audio or data.demo_clip().path
    clip = read(path, own)
    clip = clip[: int(min(seconds * own, len(clip)))]
    name = audio or data.demo_clip().name
    found = certificate.certify(bundle, {str(name): clip}, times, rate or None, note)
    if store:
        note(f"wrote {certificate.write(bundle, found)}")
    if as_json:
        print_json({"bundle": bundle, **found})
    else:
        console().print(_table(found))
        console().print(_sum(found["future"]), highlight=False)
    for line in (*found["failures"], *certificate.unshown(found)):
        note(line)
    exit_with(found["holds"])


def _table(found: dict[str, Any]) -> Table:
    grid = Table(title="lookahead certificate", title_justify="left", box=SIMPLE_HEAD)
    grid.add_column("runtime", no_wrap=True)
    for heading in ("Hz", "smoothed", "future ms", "values compared", "inside"):
        grid.add_column(heading, justify="right")
    grid.add_column("verdict")
    for row in found["rows"]:
        inside = "-" if row["inside"] is None else str(row["inside"])
        smoothed = "yes" if row["smoothing"] else "no"
        future = f"{row['future_ms']:.3f}"
        grid.add_row(row["runtime"], str(row["rate"]), smoothed, future, str(row["values"]), inside, _verdict(row))
    return grid


def _verdict(row: dict[str, Any]) -> str:
    if not row["holds"]:
        return "[bold red]broken[/]"
    return "[green]holds[/]" if row["exact"] else "[yellow]holds, limit not shown[/]"


def _sum(future: dict[str, Any]) -> str:
    """'future context 1280 samples, 80 ms = lookahead 64 + smoothing 16'."""
    terms = " + ".join(f"{term['name']} {term['ms']:g}" for term in future["terms"])
    return f"future context {future['samples']:g} samples, {future['ms']:g} ms = {terms}"
