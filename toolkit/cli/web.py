"""`facelite web build`: the page that moves a face as somebody speaks, as a folder for any web server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import note

Bundle = Annotated[Path, typer.Argument(help="Bundle folder or student.facelite; facelite demo makes out.")]
Mesh = Annotated[
    Path | None, typer.Option("--head", "--mesh", help="A .glb with ARKit's morph targets instead of our head.")
]
Sounds = Annotated[list[Path] | None, typer.Option("--sound", help="A recording to offer; again for more.")]
Say = Annotated[list[str] | None, typer.Option("--say", help="English text to offer, spoken by flite; again for more.")]

Gate = Annotated[bool, typer.Option(help="Whether the face rests while nobody speaks.")]
Idle = Annotated[bool, typer.Option(help="Whether it blinks, looks about and lifts its brows.")]


def register(app: typer.Typer) -> None:
    web = typer.Typer(no_args_is_help=True, help="A student in the browser.")
    web.command()(build)
    app.add_typer(web, name="web")


def build(
    bundle: Bundle = Path("out"),
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the page.")] = Path("site"),
    mesh: Mesh = None,
    sound: Sounds = None,
    say: Say = None,
    gate: Gate = True,
    idle: Idle = False,
) -> None:
    """Write the page: speech from the microphone or a file moves a face. Serve it with: python -m http.server."""
    from ..web import site

    page = site.build(output, bundle, mesh, sound, say, gate, idle)
    note(f"{page}: {site.weight(output) / 1e6:.2f} MB without sounds; serve it with: python -m http.server -d {output}")
