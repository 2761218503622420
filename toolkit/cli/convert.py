"""`facelite convert`: a trained student becomes a bundle."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from .common import AsJson, console, note, print_json


def register(app: typer.Typer) -> None:
    app.command()(convert)


def convert(
    source: Annotated[str, typer.Argument(help="student.keras, .onnx, a SavedModel folder, or a full-int8 .tflite.")],
    out: Annotated[str, typer.Option("--output", "-o", help="Folder of the bundle.")],
    spec: Annotated[str | None, typer.Option("--spec", help="student.toml, when it is not beside the model.")] = None,
    calibration: Annotated[
        str | None, typer.Option("--calibration", help="Folder of speech to measure int8 ranges on.")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="How a float student becomes integers (docs/converters.md): int8_pair_safe (default), int8, "
            "mulaw_input, int16_input, int16x8, qat."
        ),
    ] = None,
    activations: Annotated[
        str | None,
        typer.Option("--range", help="What int8 activations span in calibration: percentile, mse, min_max."),
    ] = None,
    windowed_only: Annotated[
        bool, typer.Option("--windowed-only", help="Take padding inside the window: TFLite and ONNX, no stream.")
    ] = False,
    cross_check: Annotated[
        bool, typer.Option("--cross-check", help="Compare with TFLiteConverter's own int8 of a .keras student.")
    ] = False,
    teacher: Annotated[
        str | None, typer.Option(help="For --recipe qat: a teacher to learn from too, such as neural:FOLDER.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Turn a student into int8 TFLite, ONNX, the kernel's blob and golden vectors, and prove that they agree."""
    from facelite.converters.bundle import convert as make_bundle

    facts = make_bundle(source, out, spec, calibration, note, recipe, windowed_only, activations, cross_check, teacher)
    if as_json:
        print_json({"bundle": out, **facts})
        return
    if windowed_only:
        snr = facts["int8"]["snr_db"]
        console().print(f"{out}: {', '.join(facts['files'])}; int8 SNR {'-' if snr is None else round(snr, 1)} dB")
        console().print(facts["about"])
        return
    if "litert_only" in facts:
        losses = ", ".join(f"{level} dB {_decibels(found['snr_db'])}" for level, found in facts["error"].items())
        console().print(f"{out}: {', '.join(facts['files'])}; SNR against float in dB at {losses}")
        console().print(facts["about"])
        return
    console().print(_layers(facts))
    sizes = ", ".join(f"{name} {size / 1024:.1f} KiB" for name, size in facts["files"].items())
    compared = sum(row["compared"] for row in facts["proof"]["rows"])
    console().print(f"{out}: {sizes}", highlight=False)
    console().print(f"{compared} int8 values equal between LiteRT's reference, the NumPy oracle and the C kernel")
    qdq = facts["qdq"]
    told = f"{qdq['different']} of {qdq['compared']} codes differ, by {qdq['largest']} at most"
    console().print(f"student_int8.onnx in ONNX Runtime: {told}")
    if "cross_check" in facts:
        console().print(_crossed(facts["cross_check"]))


def _crossed(found: dict[str, Any]) -> str:
    integers = "arranges the layers otherwise"
    if found["integers"] is not None:
        integers = f"rounds {found['different']} of {found['integers']} weights and biases otherwise at equal scales"
    errors = ", ".join(
        f"{level} dB {_decibels(snr['ours'])} (theirs {_decibels(snr['theirs'])})"
        for level, snr in found["snr_db"].items()
    )
    return f"TFLiteConverter {integers}; SNR against float in dB at {errors}"


def _decibels(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _layers(facts: dict[str, Any]) -> Table:
    title = (
        f"{facts['student']}: {facts['parameters']} parameters, {facts['macs_per_hop']} MACs a hop of {facts['hop']}"
    )
    grid = Table(title=title, title_justify="left")
    for heading in ("layer", "kind"):
        grid.add_column(heading)
    for heading in ("channels", "frames a hop", "MACs a hop", "bytes", "seen", "codes span"):
        grid.add_column(heading, justify="right")
    for row in facts["layers"]:
        numbers = (row["channels"], row["frames_per_hop"], row["macs"], row["bytes"])
        grid.add_row(row["name"], row["kind"], *map(str, numbers), _span(row.get("seen")), _span(row.get("range")))
    return grid


def _span(ends: list[float] | None) -> str:
    return "-" if ends is None else "..".join(f"{end:.3g}" for end in ends)
