"""`facelite report`: write a bundle's report again, with any recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import AsJson, check_folder, exit_with, note, print_json


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    bundle: Annotated[Path, typer.Argument(help="Bundle folder.")],
    audio: Annotated[
        Path | None, typer.Option(help="Sound file that the page plays. Default: the packaged recording.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove, validate, time and animate a bundle; write report.json, .csv and .html into it."""
    from ..data import demo_clip
    from ..report.build import build

    check_folder(bundle)
    built = build(bundle, audio or demo_clip(), progress=note)
    if as_json:
        print_json(built.facts)
    note(f"{built.page}: {'everything holds' if built.holds else 'a limit is broken or the runtimes differ'}")
    exit_with(built.holds)
