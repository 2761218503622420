"""`facelite live`: the page of `facelite web build`, served from here and opened."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from .common import note
from .web import Bundle, Gate, Idle, Mesh, Say, Sounds


def register(app: typer.Typer) -> None:
    app.command()(live)


def live(
    bundle: Bundle = Path("out"),
    mesh: Mesh = None,
    sound: Sounds = None,
    say: Say = None,
    gate: Gate = True,
    idle: Idle = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this computer; 0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the default browser.")] = True,
) -> None:
    """Speak, and a face follows: serves the page to this computer until Ctrl-C."""
    from ..web import serve, site

    with TemporaryDirectory(prefix="facelite-") as folder:
        site.build(folder, bundle, mesh, sound, say, gate, idle)
        with serve.server(folder, port) as server:
            note(f"{server.address}: Ctrl-C ends it")
            if browser:
                webbrowser.open(server.address)
            server.serve_forever()
