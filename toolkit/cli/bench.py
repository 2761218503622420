"""`facelite bench`: what a hop costs here, against the same student in other runtimes."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from .common import AsJson, console, exit_with, note, print_json, progress


def register(app: typer.Typer) -> None:
    app.command()(bench)


def bench(
    bundle: Annotated[Path, typer.Argument(help="Bundle folder or student.facelite.")] = Path("out"),
    hops: Annotated[int, typer.Option(help="Hops to time on each tier.")] = 10_000,
    keras: Annotated[Path | None, typer.Option(help="The student's .keras file: times float LiteRT too.")] = None,
    at_least: Annotated[
        float | None, typer.Option(help="Exit 1 unless a LiteRT int8 window takes this many hops of the best tier.")
    ] = None,
    at_least_hop: Annotated[
        float | None, typer.Option(help="Exit 1 unless a hop of LiteRT int8 takes this many hops of the best tier.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Time a hop on every tier, interleaved with LiteRT and ONNX Runtime; one thread."""
    from ..bench import ROUNDS
    from ..bench import bench as measure

    float_model = None if keras is None else _float_tflite(keras)
    with progress() as bar:
        task = bar.add_task("rounds", total=ROUNDS)
        result = measure(bundle, hops, float_model, lambda: bar.advance(task))
    if as_json:
        print_json(result)
    else:
        console().print(table(result))
    limits = [
        ("window", "LiteRT int8 XNNPACK", "student_int8.tflite", at_least),
        ("hop", "LiteRT int8 XNNPACK, one hop", "student_stream_int8.tflite", at_least_hop),
    ]
    met = [wanted is None or _fast_enough(result, what, rival, file, wanted) for what, rival, file, wanted in limits]
    exit_with(all(met))


def table(result: dict[str, Any]) -> Table:
    """One row a contender; what a rival's window takes is given in hops of the best tier."""
    best = [name for name in result["contenders"] if name.startswith("kernel ") and not name.endswith("cold")][-1]
    grid = Table(title=f"one frame on {result['machine']['cpu']}, one thread", title_justify="left", box=SIMPLE_HEAD)
    grid.add_column("hop of a tier, or window", no_wrap=True)
    for heading in ("p50 µs", "p99 µs", "max µs", "p99/p50*", "in hops"):
        grid.add_column(heading, justify="right")
    for name, measured in result["contenders"].items():
        times = (_brief(measured[key]) for key in ("p50_us", "p99_us", "max_us", "quiet_p99_over_p50"))
        grid.add_row(name, *times, _in_hops(result, name, best))
    grid.caption = f"* in the quietest round; hops are those of {best.removeprefix('kernel ')}"
    return grid


def _brief(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _in_hops(result: dict[str, Any], name: str, best: str) -> str:
    if name.startswith("crowd"):
        return f"{result['crowd']['cold_share' if name.endswith('cold') else 'share']:.2f}"
    return f"{result['ratios'][name][best]:.1f}" if name in result["ratios"] else ""


def _fast_enough(result: dict[str, Any], unit: str, rival: str, file: str, limit: float) -> bool:
    from ..errors import BadInput

    ratios = result["ratios"].get(rival)
    if ratios is None:
        raise BadInput(result["student"]["path"], f"holds no {file} to compare with", "give a whole bundle")
    best = list(ratios.values())[-1]
    if best < limit:
        note(f"one LiteRT int8 {unit} takes {best:.1f} hops, fewer than {limit:g}")
    return best >= limit


def _float_tflite(path: Path) -> bytes:
    import tensorflow
    from facelite.converters.frontends import keras

    model = keras.load(path)
    with redirect_stdout(io.StringIO()):  # the converter describes the model there
        return tensorflow.lite.TFLiteConverter.from_keras_model(model).convert()
