"""`facelite preview`: a recording and its face as one page for a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import note


def register(app: typer.Typer) -> None:
    app.command()(preview)


def preview(
    audio: Annotated[Path, typer.Argument(help="Any sound file.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The page. Default: the audio's name, .html.")
    ] = None,
    student: Annotated[
        Path, typer.Option("--student", "-s", help="Bundle folder or student.facelite; facelite demo makes out.")
    ] = Path("out"),
    head: Annotated[
        Path | None, typer.Option("--head", "--mesh", help="A .glb with ARKit's morph targets instead of our head.")
    ] = None,
) -> None:
    """Write one page that plays a recording with its face and curves; it needs no network."""
    from .. import preview as page
    from ..errors import BadInput
    from ..student import load

    target = output or Path(audio.stem + ".html")
    if target.suffix.lower() not in (".html", ".htm"):
        raise BadInput(target, "is no name of a page", "write -o NAME.html")
    clip = page.animated(load(student), audio)
    page.write(target, clip, head)
    note(f"{target}: {clip.seconds:.1f} s of sound, {target.stat().st_size / 1e6:.1f} MB; open it in a browser")
