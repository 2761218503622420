"""`facelite bench`: what a hop costs here, against the same student in other runtimes."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer
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
    as_json: AsJson = False,
) -> None:
    """Time a hop on every tier, interleaved with LiteRT and ONNX Runtime windows; one thread."""
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
    exit_with(at_least is None or _fast_enough(result, at_least))


def table(result: dict[str, Any]) -> Table:
    """One row a contender; the ratios are against the last tier, the best."""
    best = [name for name in result["contenders"] if name.startswith("kernel ")][-1]
    grid = Table(title=f"one frame on {result['machine']['cpu']}, one thread", title_justify="left")
    grid.add_column("contender")
    for heading in ("runs", "p50 µs", "p99 µs", "max µs", f"hops of {best.removeprefix('kernel ')}"):
        grid.add_column(heading, justify="right")
    for name, measured in result["contenders"].items():
        ratio = f"{result['ratios'][name][best]:.1f}" if name in result["ratios"] else ""
        if name.startswith("crowd"):
            ratio = f"{result['crowd']['share']:.2f}"
        times = (f"{measured[key]:.2f}" for key in ("p50_us", "p99_us", "max_us"))
        grid.add_row(f"{name}, one {measured['unit']}", str(measured["runs"]), *times, ratio)
    return grid


def _fast_enough(result: dict[str, Any], limit: float) -> bool:
    from ..errors import BadInput

    ratios = result["ratios"].get("LiteRT int8 XNNPACK")
    if ratios is None:
        raise BadInput(result["student"]["path"], "holds no student_int8.tflite to compare with", "give a whole bundle")
    best = list(ratios.values())[-1]
    if best < limit:
        note(f"one LiteRT int8 window takes {best:.1f} hops, fewer than {limit:g}")
    return best >= limit


def _float_tflite(path: Path) -> bytes:
    from keras.saving import load_model

    from ..errors import BadInput

    if not path.is_file():
        raise BadInput(path, "no such file", "name the student's .keras file")
    import tensorflow

    model = load_model(path, compile=False, safe_mode=True)
    with redirect_stdout(io.StringIO()):  # the converter describes the model there
        return tensorflow.lite.TFLiteConverter.from_keras_model(model).convert()
