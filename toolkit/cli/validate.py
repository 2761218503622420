"""`facelite validate`: does a bundle keep to a target's limits?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .common import AsJson, console, exit_with, note, print_json

if TYPE_CHECKING:
    from facelite.targets.evidence import Certificate, Evidence
    from facelite.targets.schema import Profile
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
    build: Annotated[
        list[Path] | None, typer.Option("--build", help="Folder of facelite build, for the true size of its code.")
    ] = None,
    fit: Annotated[bool, typer.Option("--fit", help="Propose what would fit where a limit is broken.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check sizes, future audio and latency against a target's limits; exit 1 when one is broken."""
    from facelite.targets import profile
    from facelite.targets.evidence import gather
    from facelite.targets.validate import validate as judge

    known = gather(bundle, tuple(build or ()))
    wanted = [name for entry in target or ["all"] for name in (profile.names() if entry == "all" else (entry,))]
    profiles = [profile.load(name) for name in dict.fromkeys(wanted)]
    verdicts = [judge(known, one) for one in profiles]
    proposals = _proposals(bundle, known, verdicts, profiles) if fit else [[] for _ in verdicts]
    holds = all(verdict.holds for verdict in verdicts)
    if as_json:
        told = [{**verdict.as_dict(), "fit": fits} for verdict, fits in zip(verdicts, proposals, strict=True)]
        print_json({"bundle": bundle, "holds": holds, "verdicts": told})
    else:
        for verdict, fits in zip(verdicts, proposals, strict=True):
            console().print(table(verdict))
            lines = latency_line(verdict), certificate_line(verdict), prediction_line(verdict)
            console().print(*lines, *fits, "", sep="\n", highlight=False)
    for line in (line for verdict in verdicts for line in complaints(verdict)):
        note(line)
    exit_with(holds)


def _proposals(bundle: str, known: Evidence, verdicts: list[Verdict], profiles: list[Profile]) -> list[list[str]]:
    """Each verdict's, by position: two files may give their targets one name."""
    from facelite.targets.fit import propose

    pairs = zip(verdicts, profiles, strict=True)
    return [propose(bundle, known, verdict, target) if verdict.broken else [] for verdict, target in pairs]


def complaints(verdict: Verdict) -> list[str]:
    """One line for everything that is broken."""
    lines = [
        f"{verdict.target}: {check.label} is {amount(check, check.value)}, limit {amount(check, check.limit)}"
        for check in verdict.broken
    ]
    if verdict.certificate is not None and not verdict.certificate.holds:
        lines.append(f"{verdict.target}: certificate.json: {_broken(verdict.certificate)}")
    return lines


def _broken(certificate: Certificate) -> str:
    if not certificate.failures:  # by an earlier facelite, which also condemned limits that it could not show
        return "it does not rule out that a frame hears more than the student says; run facelite certify --write again"
    first, *more = certificate.failures
    return f"{first} (and {len(more)} more: facelite certify)" if more else first


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


def certificate_line(verdict: Verdict) -> str:
    """'lookahead certificate: holds, 80 ms of future audio'."""
    found = verdict.certificate
    if found is None:
        return "lookahead certificate: none; facelite certify --write makes one"
    return f"lookahead certificate: {'holds' if found.holds else 'broken'}, {found.future_ms:g} ms of future audio"


def prediction_line(verdict: Verdict) -> str:
    """'predicted, not measured: 63 us a hop …', with how far the model was off where it could be checked."""
    from facelite.targets.predict.predict import host_errors

    found = verdict.prediction
    if found is None:
        missing = f"; not checked: {', '.join(verdict.unchecked)}" if verdict.unchecked else ""
        return f"no prediction: the CPU's clock or scheduling is not public, or has no table of this tier{missing}"
    errors = "; ".join(
        f"{host}: " + ", ".join(f"{tier} {error:+.0%}" for tier, error in tiers.items())
        for host, tiers in host_errors().items()
    )
    return (
        f"predicted, not measured: {found.us:.3g} us a hop ({found.low_us:.3g} to {found.high_us:.3g}), "
        f"tier {found.tier} as {found.scheduling} at {found.clock_ghz:g} GHz; "
        f"the model's error where it was measured: {errors}"
    )


def amount(check: Check, number: float | str) -> str:
    """A value or limit of `check` for people."""
    from facelite.targets import units

    if isinstance(number, str):
        return number
    if check.unit == "%":
        return f"{number:.3g} %"
    return units.format_bytes(number) if check.unit == "B" else units.format_milliseconds(number)
