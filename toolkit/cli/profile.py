"""`facelite profile`: a student measured on the device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from .common import AsJson, console, exit_with, note, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping


def register(app: typer.Typer) -> None:
    app.command()(profile)


def profile(
    bundle: Annotated[Path, typer.Argument(help="Bundle folder.")],
    target: Annotated[str, typer.Option("--target", help="A profile's name or a .toml file.")],
    via: Annotated[str, typer.Option("--via", help="local, qemu[:CPU], ssh:HOST, adb[:SERIAL] or exec:COMMAND.")],
    built: Annotated[
        Path | None, typer.Option("--build", help="Folder made by facelite build; else one is built first.")
    ] = None,
    system: Annotated[str | None, typer.Option("--system", help="linux, windows or wasi, for exec.")] = None,
    hops: Annotated[int, typer.Option(min=1, help="Hops measured one after another.")] = 2000,
    paced: Annotated[int, typer.Option(min=0, help="Hops measured at their real pace.")] = 125,
    characters: Annotated[int, typer.Option(min=0, help="Characters stepped together.")] = 16,
    threads: Annotated[int, typer.Option(min=0, help="Threads with as many characters each.")] = 2,
    timeout: Annotated[float, typer.Option(min=1, max=86400, help="Seconds that one step may take.")] = 300,
    store: Annotated[bool, typer.Option("--write/--no-write", help="Keep it in the bundle, in measured/.")] = True,
    as_json: AsJson = False,
) -> None:
    """Check every bit on a device, then measure hops, layers, memory and stack there; exit 1 when a limit is broken."""
    from facelite.targets import profile as profiles
    from facelite.targets.device import measure, results
    from facelite.targets.device.judge import complaints

    found = profiles.load(target)
    plan = measure.Plan(hops=hops, paced=paced, characters=characters, threads=threads, timeout=timeout)
    report = measure.profile(bundle, found, via, built, system, plan, progress=note)
    wrong = complaints(report, found)
    report["holds"] = not wrong
    if store:
        note(f"wrote {results.write(bundle, report)}")
    if as_json:
        print_json(report)
    elif report["times"]:
        console().print(_times(report), _layers(report), sep="\n")
        console().print(_memory(report), highlight=False)
    for line in wrong:
        note(line)
    exit_with(not wrong)


def _times(report: Mapping[str, Any]) -> Table:
    where = ", emulated: times mean nothing" if report["emulated"] else ""
    table = Table("us", "p50", "p99", "max", title=f"{report['via']}, {report['isa']}{where}", title_justify="left")
    for kind, times in report["times"].items():
        share = {"crowd": "of {characters} characters", "threads": "of {characters} characters on {threads} threads"}
        name = f"{kind}, a step {share[kind].format(**report)}" if kind in share else kind
        table.add_row(name, *(f"{times[key] / 1000:.2f}" for key in ("p50", "p99", "max")))
    return table


def _layers(report: Mapping[str, Any]) -> Table:
    table = Table("layer, us", "p50", "p99")
    for layer in report["layers"]:
        table.add_row(layer["name"], *(f"{layer[key] / 1000:.2f}" for key in ("p50", "p99")))
    return table


def _memory(report: Mapping[str, Any]) -> str:
    memory = report["memory"]
    stack = memory["stack_used_bytes"]
    used = f"{stack} of at most {memory['stack_bound_bytes']} B of stack" if stack else "stack unknown"
    peak = (
        f"{memory['peak_process_bytes'] / 2**20:.1f} MiB of process"
        if memory["peak_process_bytes"]
        else "process unknown"
    )
    return f"bits equal on {', '.join(report['tiers'])}; {used}; {peak}"
