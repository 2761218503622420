"""`facelite build`: the C side for a target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from .common import AsJson, console, note, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping


def register(app: typer.Typer) -> None:
    app.command()(build)


def build(
    bundle: Annotated[str, typer.Argument(help="Bundle folder or student.facelite.")],
    target: Annotated[str, typer.Option("--target", help="A profile's name or a .toml file.")],
    out: Annotated[Path, typer.Option("--output", "--out", "-o", help="Folder that becomes the build.")] = Path("dist"),
    system: Annotated[
        str | None, typer.Option("--system", help="linux, windows or wasi instead of the profile's own.")
    ] = None,
    compiler: Annotated[str | None, typer.Option("--compiler", help="zig, gcc or clang.")] = None,
    toolchain: Annotated[Path | None, typer.Option("--toolchain", help="A studio's own CMake toolchain file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cross-compile library, tools and generated C student for a target, with a manifest."""
    from facelite.targets.cross import build as make

    made = make(bundle, target, out, system, compiler, toolchain, progress=note)
    if as_json:
        print_json({"out": out, **made})
        return
    console().print(_files(made))
    console().print(_summary(made), highlight=False)
    if made["stand_in"]:
        note("a stand-in of the same instruction set: with the console's SDK, give its toolchain file by --toolchain")


def _files(made: Mapping[str, Any]) -> Table:
    table = Table("file", "bytes", "sha256")
    for name, file in made["files"].items():
        table.add_row(name, f"{file['bytes']:,}", file["sha256"][:16])
    return table


def _summary(made: Mapping[str, Any]) -> str:
    compiler, library = made["compiler"], made["library"]
    size = (
        f"{(library['code'] + library['constants']) / 1024:.1f} KiB of code and constants"
        if library
        else "size unknown"
    )
    built = f"{compiler['family']} ({compiler['id']} {compiler['version']})"
    return f"{made['target']['arch']} {made['target']['system']} by {built}; tiers {', '.join(made['tiers'])}; {size}"
