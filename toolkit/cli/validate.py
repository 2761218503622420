"""`facelite validate`: does a bundle keep to a target's limits?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .common import AsJson, console, exit_with, note, print_json

if TYPE_CHECKING:
    from facelite.targets.validate import Check, Verdict

Targets = Annotated[
    list[str] | None,
    typer.Option("--target", help="A profile's name, a .toml file, or 'all' (the default); may be repeated."),
]

_STYLES = {"holds": "green", "tight": "yellow", "broken": "bold red"}


def register(app: typer.Typer) -> None:
    app.command()(validate)


def validate(
    bundle: Annotated[str, typer.Argument(help="Bundle folder or student.facelite.")],
    target: Targets = None,
    as_json: AsJson = False,
) -> None:
    """Check sizes, future audio and latency against a target's limits; exit 1 when one is broken."""
    from facelite.targets import profile
    from facelite.targets.validate import validate as judge

    from ..student import load

    student = load(bundle)
    wanted = [name for entry in target or ["all"] for name in (profile.names() if entry == "all" else (entry,))]
    verdicts = [judge(student, name) for name in dict.fromkeys(wanted)]
    holds = all(verdict.holds for verdict in verdicts)
    if as_json:
        print_json({"bundle": bundle, "holds": holds, "verdicts": [verdict.as_dict() for verdict in verdicts]})
    else:
        for verdict in verdicts:
            console().print(table(verdict))
            console().print(latency_line(verdict), prediction_line(verdict), sep="\n", highlight=False)
    for verdict in verdicts:
        for check in verdict.broken:
            note(f"{verdict.target}: {check.label} is {amount(check, check.value)}, limit {amount(check, check.limit)}")
    exit_with(holds)


def table(verdict: Verdict) -> Table:
    """One row a limit, with how much is left of it."""
    outcome = "[green]fits[/]" if verdict.holds else "[bold red]does not fit[/]"
    grid = Table(title=f"{verdict.title}: {outcome}", title_justify="left", title_style="bold")
    grid.add_column("limit")
    for heading in ("value", "allowed", "left"):
        grid.add_column(heading, justify="right")
    grid.add_column("verdict")
    grid.add_column("source of the limit")
    for check in verdict.checks:
        left = "" if check.margin is None else amount(check, check.margin)
        state = f"[{_STYLES[check.state]}]{check.state}[/]"
        grid.add_row(check.label, amount(check, check.value), amount(check, check.limit), left, state, check.source)
    return grid


def latency_line(verdict: Verdict) -> str:
    """'latency 96 ms = lookahead 64 + smoothing 16 + hop 16'."""
    terms = " + ".join(f"{term.name} {term.ms:g}" for term in verdict.latency.terms)
    return f"algorithmic latency {verdict.latency.ms:g} ms = {terms}"


def prediction_line(verdict: Verdict) -> str:
    """'predicted, not measured: 63 us a hop …', with how far the model was off where it could be checked."""
    from facelite.targets.predict.predict import host_errors

    found = verdict.prediction
    if found is None:
        missing = f"; not checked: {', '.join(verdict.unchecked)}" if verdict.unchecked else ""
        return f"no prediction: the CPU's clock or scheduling is not public{missing}\n"
    errors = ", ".join(f"{tier} {error:+.0%}" for tier, error in host_errors().items())
    return (
        f"predicted, not measured: {found.us:.3g} us a hop ({found.low_us:.3g} to {found.high_us:.3g}), "
        f"tier {found.tier} as {found.scheduling} at {found.clock_ghz:g} GHz; "
        f"the model's error on a Zen 4 host: {errors}\n"
    )


def amount(check: Check, number: float | str) -> str:
    """A value or limit of `check` for people."""
    from facelite.targets import units

    if isinstance(number, str):
        return number
    if check.unit == "%":
        return f"{number:.3g} %"
    return units.format_bytes(number) if check.unit == "B" else units.format_milliseconds(number)
