"""`facelite compare`: one student on every runtime, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import AsJson, exit_with, note, print_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..compare import Gate


def register(app: typer.Typer) -> None:
    app.command()(compare)


def compare(
    bundle: Annotated[str, typer.Argument(help="Bundle folder.")],
    audio: Annotated[
        str | None,
        typer.Option("--audio", help="Sound file, folder, or corpus; without it, the packaged recordings."),
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="The .keras it came from, to compare with.")] = None,
    windows: Annotated[int, typer.Option("--windows", min=1, help="Windows a recording.")] = 48,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Most recordings of a folder.")] = None,
    gain: Annotated[float, typer.Option("--gain", help="dB by which recordings are made louder, or quieter.")] = 0.0,
    gate: Annotated[
        list[str] | None, typer.Option("--gate", help='A limit, for instance "correlation>=.98"; may be repeated.')
    ] = None,
    gates: Annotated[str | None, typer.Option("--gates", help="TOML file of gates.")] = None,
    target: Annotated[str | None, typer.Option("--target", help="Target profile whose gates hold.")] = None,
    generated: Annotated[bool, typer.Option("--c/--no-c", help="Compile and run the bundle's student.c.")] = True,
    csv: Annotated[Path | None, typer.Option("--csv", help="Also write every number to this file.")] = None,
    simulate_saturation: Annotated[
        bool,
        typer.Option("--simulate-saturation", help="Also what a kernel that took maddubs for exact would get wrong."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hold every runtime against each other and against gates; exit 1 if equals differ or a gate is broken."""
    from ..atomic import write_text
    from ..compare import compare as run
    from ..compare import recordings, to_csv
    from ..student import load

    limits = _gates(gate or [], gates, target)
    heard = recordings(audio, load(bundle).sample_rate, limit, gain)
    note(f"comparing on {len(heard.signals)} recordings, {windows} windows each")
    report = run(bundle, heard.signals, source, windows, phones=heard.phones, gates=limits, generated=generated)
    if simulate_saturation:
        report["saturation"] = _saturation(bundle, heard.signals)
    if csv is not None:
        write_text(csv, to_csv(report["runtimes"]))
    if as_json:
        print_json({"bundle": bundle, **report})
    else:
        from ..compare.printed import print_report

        print_report(report)
    for line in complaints(report):
        note(line)
    exit_with(report["holds"])


def complaints(report: Mapping[str, Any]) -> Iterator[str]:
    """A line for everything that does not hold: pairs that differ with the layer where they part, and broken gates."""
    from ..compare.gates import complaint

    parts = {row["runtime"]: row["parts"] for row in report["runtimes"]}
    for row in report["rows"]:
        if not row["holds"]:
            part = parts.get(row["runtime"])
            where = f", first in layer {part['layer']}" if part else ""
            values = f"{row['different']} values"
            yield f"{row['runtime']} differs from {row['reference']} on {row['signal']}: {values}{where}"
    yield from (complaint(row) for row in report["gates"] if not row["holds"])


def _gates(texts: list[str], file: str | None, target: str | None) -> list[Gate]:
    from ..compare import parse_gate, read_gates

    found = [parse_gate(text) for text in texts] + (read_gates(file) if file else [])
    if target is not None:
        from facelite.errors import BadInput
        from facelite.targets import profile

        wanted = profile.load(target).gates
        if not wanted:
            raise BadInput(target, "has no gates", "name them in its key gates, or use --gate")
        found += [parse_gate(text) for text in wanted]
    return found


def _saturation(bundle: str, signals: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    from facelite.converters.bundle import load_graph

    from ..companding import codes
    from ..runtimes import Heard
    from ..saturation import simulate

    graph = load_graph(Path(bundle))
    heard = {name: Heard.of(graph, codes(pcm, graph.companding), 1) for name, pcm in signals.items()}
    return simulate(graph, {name: one.codes for name, one in heard.items()})
