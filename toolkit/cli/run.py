"""`facelite run`: animate a recording with the C kernel and write the curves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import note


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    bundle: Annotated[Path, typer.Argument(help="Bundle folder or student.facelite.")],
    audio: Annotated[Path, typer.Argument(help="Any sound file.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=".csv (Live Link Face), .npz, .json, .parquet or .glb (a head). Default: the audio's name, .csv.",
        ),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frame rate of the file. Default: 60 for .csv, the student's own otherwise.")
    ] = None,
    mesh: Annotated[
        Path | None,
        typer.Option(help="For .glb: the mesh to animate, its targets named as in ARKit. Default: our head."),
    ] = None,
    rig: Annotated[
        Path | None, typer.Option("--map", help="JSON: your rig's controls as sums of the student's.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="For .csv: timecode of the first frame, HH:MM:SS:FF.")] = None,
) -> None:
    """Animate speech: sound in, ARKit curves out."""
    from ..curves import Curves
    from ..export import mapping, write
    from ..speech.audio import read
    from ..student import load

    student = load(bundle)
    pcm = read(audio, student.sample_rate)
    curves = Curves(student.animate(pcm), student.controls, student.sample_rate / student.hop)
    if rig is not None:
        curves = mapping.apply(curves, mapping.read(rig), rig)
    target = output or Path(audio.stem + ".csv")
    written = write(target, curves, fps, mesh, start)
    seconds = len(pcm) / student.sample_rate
    note(f"{target}: {len(written.values)} frames at {written.frame_rate:g} fps from {seconds:.1f} s of sound")
