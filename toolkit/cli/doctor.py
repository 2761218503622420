"""`facelite doctor`: what is here, what is missing, and the command that installs it."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.table import Table

from .common import AsJson, console, print_json

if TYPE_CHECKING:
    from ..doctor import Examination


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: AsJson = False) -> None:
    """List programs, packages and kernel tiers, present and missing, and how to install the rest."""
    from ..doctor import examine

    found = examine()
    if as_json:
        print_json(_report(found))
        return
    console().print(_programs(found))
    console().print(_packages(found))
    tiers = ", ".join(found.kernel) if found.kernel else "not built"
    console().print(f"kernel: {tiers}    Python {platform.python_version()}, {platform.machine()}\n")
    for command in found.remedies:
        console().print(f"to install what is missing: {command}", markup=False)
    if not found.remedies:
        console().print("nothing is missing")


def _report(found: Examination) -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "programs": found.programs,
        "packages": found.packages,
        "kernel": found.kernel,
        "remedies": found.remedies,
    }


def _programs(found: Examination) -> Table:
    from ..doctor import purpose

    grid = _grid("program", "version", "for")
    for name, program in found.programs.items():
        grid.add_row(name, _state((program.version or "present") if program else None), purpose(name))
    return grid


def _packages(found: Examination) -> Table:
    grid = _grid("package", "version", "extra")
    for package in found.packages:
        grid.add_row(package.module, _state(package.version), package.extra)
    return grid


def _grid(*headings: str) -> Table:
    grid = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        grid.add_column(heading)
    return grid


def _state(version: str | None) -> str:
    return f"[green]{version}[/]" if version else "[bold red]missing[/]"
