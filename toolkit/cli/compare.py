"""`facelite compare`: one student on every runtime, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from .common import AsJson, console, exit_with, note, print_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def register(app: typer.Typer) -> None:
    app.command()(compare)


def compare(
    bundle: Annotated[str, typer.Argument(help="Bundle folder.")],
    audio: Annotated[
        str | None, typer.Option("--audio", help="Sound file or folder; without it, the packaged recordings.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="The .keras it came from, to compare with.")] = None,
    windows: Annotated[int, typer.Option("--windows", min=1, help="Windows a recording.")] = 48,
    simulate_saturation: Annotated[
        bool,
        typer.Option("--simulate-saturation", help="Also what a kernel that took maddubs for exact would get wrong."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hold LiteRT, ONNX Runtime, the NumPy oracle and the C kernel against each other; exit 1 if equals differ."""
    from ..compare import compare as run
    from ..student import load

    signals = _signals(audio, load(bundle).sample_rate)
    note(f"comparing on {len(signals)} recordings, {windows} windows each")
    report = run(bundle, signals, source, windows)
    if simulate_saturation:
        report["saturation"] = _saturation(bundle, signals)
    if as_json:
        print_json({"bundle": bundle, **report})
    else:
        console().print(_distances(report))
        for verdict in _verdicts(report):
            console().print(verdict, highlight=False)
        if simulate_saturation:
            console().print(_saturated(report["saturation"]))
    for row in report["rows"]:
        if not row["holds"]:
            note(f"{row['runtime']} differs from {row['reference']} on {row['signal']}: {row['different']} values")
    exit_with(report["holds"])


def _signals(audio: str | None, sample_rate: int) -> dict[str, NDArray[np.float32]]:
    from facelite.converters import calibration

    from .. import data
    from ..speech.audio import read

    if audio is None:
        return {clip.name: read(clip.path, sample_rate) for clip in data.clips()}
    paths = calibration.sound_files(audio) if Path(audio).is_dir() else [Path(audio)]
    return {path.name: read(path, sample_rate) for path in paths}


def _saturation(bundle: str, signals: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    from facelite.converters.bundle import load_graph

    from ..companding import codes
    from ..runtimes import Heard
    from ..saturation import simulate

    graph = load_graph(Path(bundle))
    return simulate(graph, {name: Heard.of(graph, codes(pcm), 1).codes for name, pcm in signals.items()})


def _saturated(found: dict[str, Any]) -> Table:
    grid = Table(title="if maddubs were taken for exact", title_justify="left", box=SIMPLE_HEAD)
    grid.add_column("layer", no_wrap=True)
    for heading in ("unsafe pairs", "sums saturated", "codes wrong", "by up to"):
        grid.add_column(heading, justify="right")
    for row in found["layers"]:
        unsafe, sums = f"{row['unsafe']} of {row['pairs']}", f"{_share(row['saturated'], row['sums'])}"
        grid.add_row(row["layer"], unsafe, sums, _share(row["different"], row["values"]), str(row["largest"]))
    output = found["output"]
    grid.add_section()
    grid.add_row("output, all layers", "", "", _share(output["different"], output["values"]), str(output["largest"]))
    return grid


def _share(count: int, of: int) -> str:
    return "0" if count == 0 else f"{100 * count / of:.2g} %"


def _distances(report: dict[str, Any]) -> Table:
    title = f"distance to {report['runtimes'][0]['against']}; codes against LiteRT reference"
    grid = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    grid.add_column("runtime", no_wrap=True)
    for heading in ("max error", "SNR dB", "cosine", "equal", "off by 1", "more"):
        grid.add_column(heading, justify="right")
    for row in report["runtimes"]:
        snr = "exact" if row["snr_db"] is None else f"{row['snr_db']:.1f}"
        cosine = "-" if row["cosine"] is None else f"{row['cosine']:.5f}"
        grid.add_row(row["runtime"], f"{row['max_error']:.1e}", snr, cosine, *_steps(row.get("lsb")))
    return grid


def _steps(lsb: dict[str, int] | None) -> list[str]:
    """How many codes are equal, one off, and further off."""
    if lsb is None:
        return ["-", "-", "-"]
    equal, near = lsb.get("0", 0), lsb.get("+1", 0) + lsb.get("-1", 0)
    return [str(equal), str(near), str(sum(lsb.values()) - equal - near)]


def _verdicts(report: dict[str, Any]) -> list[str]:
    """One line a pair that must be equal, its signals taken together."""
    pairs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in report["rows"]:
        pairs.setdefault((row["runtime"], row["reference"]), []).append(row)
    lines = []
    for (runtime, against), rows in pairs.items():
        different, compared = (sum(row[key] for row in rows) for key in ("different", "compared"))
        verdict = "[green]equal[/]" if different == 0 else f"[bold red]{different} differ[/]"
        lines.append(f"{runtime} = {against}: {verdict} ({compared} values)")
    return lines
