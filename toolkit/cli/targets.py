"""`facelite targets`: which target profiles there are, and what each says with its source."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from .common import AsJson, console, print_json


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Target profiles: what a student may cost on each device.", invoke_without_command=True)
    group.callback()(_default)
    group.command("list")(list_profiles)
    group.command("show")(show)
    group.command("diff")(diff)
    app.add_typer(group, name="targets")


def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_profiles(False)


def list_profiles(as_json: AsJson = False) -> None:
    """Every profile that ships."""
    from facelite.targets import profile

    found = profile.load_all()
    if as_json:
        print_json({"targets": [{"name": one.name, "title": one.title, "arch": one.arch} for one in found]})
        return
    table = Table("target", "title", "CPU", "tier")
    for one in found:
        table.add_row(one.name, one.title, one.cpu.model.value, one.cpu.isa.value)
    console().print(table)


def show(
    target: Annotated[str, typer.Argument(help="Name of a profile, or a .toml file.")],
    as_json: AsJson = False,
) -> None:
    """One profile, every figure with its source."""
    from facelite.targets import profile
    from facelite.targets.schema import Figure, Statement

    found = profile.load(target)
    if as_json:
        print_json(found.model_dump(exclude_none=True))
        return
    table = Table("key", "value", "confidence", "source", title=f"{found.title} ({found.arch})", title_justify="left")
    for section in ("cpu", "memory", "limits"):
        for key, entry in getattr(found, section):
            if isinstance(entry, Figure | Statement):
                table.add_row(f"{section}.{key}", entry.text, entry.confidence, entry.source)
    console().print(table)


def diff(
    first: Annotated[str, typer.Argument(help="Name of a profile, or a .toml file.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    as_json: AsJson = False,
) -> None:
    """The figures in which two profiles differ."""
    from facelite.targets import profile
    from facelite.targets.difference import differences

    profiles = profile.load(first), profile.load(second)
    found = differences(*profiles)
    if as_json:
        print_json({"first": first, "second": second, "differences": [asdict(one) for one in found]})
        return
    table = Table("key", *(one.name for one in profiles), "ratio")
    for one in found:
        table.add_row(one.key, one.first or "-", one.second or "-", f"{one.ratio:.3g}" if one.ratio else "")
    console().print(table if found else "no figure differs")
