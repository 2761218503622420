"""`facelite run`: animate recordings with the C kernel; write the curves or stream them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import note, progress

if TYPE_CHECKING:
    from ..export.job import Job

_REST = 8
"""Frames at rest after a stream: 128 ms, so that any frame rate from 8 has one."""


class Scheme(str, Enum):
    """What curves are weights of."""

    arkit = "arkit"
    oculus = "oculus"
    vrm = "vrm"


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    bundle: Annotated[Path, typer.Argument(help="Bundle folder or student.facelite.")],
    audio: Annotated[Path, typer.Argument(help="Any sound file, or a folder of them.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=".csv (Live Link Face), .json, .npz, .parquet, .glb (a head), .usda (UsdSkel) or .anim (Unity); "
            "for a folder of sounds a folder. Default: the audio's name, .csv.",
        ),
    ] = None,
    suffix: Annotated[
        str | None, typer.Option("--format", metavar="EXT", help="For a folder of sounds: csv, json, …")
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(help="Frame rate. Default: 60 for .csv and streams, the student's own otherwise."),
    ] = None,
    head: Annotated[
        Path | None,
        typer.Option("--head", "--mesh", help="For .glb: the head to animate, its targets named as in ARKit."),
    ] = None,
    scheme: Annotated[Scheme, typer.Option("--as", help="Write ARKit's controls, visemes or expressions.")] = (
        Scheme.arkit
    ),
    rig: Annotated[
        Path | None, typer.Option("--map", help="JSON: your rig's controls as sums of those that --as names.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="For .csv, .usda and --livelink: timecode of the first frame, HH:MM:SS:FF.")
    ] = None,
    node: Annotated[
        str | None, typer.Option(help="For .anim: path of the renderer below the Animator. Default: head.")
    ] = None,
    gate: Annotated[bool, typer.Option(help="Keep the face at rest while nobody speaks.")] = True,
    idle: Annotated[bool, typer.Option(help="Add blinks, looks and brows.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="For a folder: processes; one a core unless given.")
    ] = None,
    osc: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Stream to a VMC receiver in real time (OSC).")
    ] = None,
    livelink: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Stream to Unreal's Live Link in real time.")
    ] = None,
) -> None:
    """Animate speech: sound in, ARKit curves out."""
    from ..errors import BadInput
    from ..export.job import Job

    job = Job(bundle, scheme.value, rig, fps, head, start, node, gate, idle)
    streams = osc is not None or livelink is not None
    if audio.is_dir():
        if streams:
            option = "--livelink" if osc is None else "--osc"
            raise BadInput(option, "a folder cannot be streamed", "give one sound file")
        _write_folder(job, audio, output, suffix, workers)
        return
    for option, given in (("--format", suffix), ("--workers", workers)):
        if given is not None:
            raise BadInput(option, "is for a folder of sounds", "leave it out, or write -o NAME.EXT")
    if output is not None:
        job.check(output)
    if streams:
        _stream(job, audio, osc, livelink, output is not None)
    if output is not None or not streams:
        target = output or Path(audio.stem + ".csv")
        frames, rate, seconds = job.write(audio, target)
        note(f"{target}: {frames} frames at {rate:.6g} fps from {seconds:.1f} s of sound")


def _write_folder(job: Job, source: Path, output: Path | None, suffix: str | None, workers: int | None) -> None:
    from ..errors import BadInput
    from ..export import SUFFIXES
    from ..export.job import pairs, write_all

    suffix = "." + (suffix or "csv").lower().removeprefix(".")
    if suffix not in SUFFIXES:
        raise BadInput("--format", f"curves have no format {suffix[1:]!r}", f"use one of {', '.join(SUFFIXES)}")
    if output is None:
        raise BadInput(source, "is a folder", "give one sound file, or with -o a folder for the curves of all")
    if output.is_file():
        raise BadInput(output, "is a file", "give the folder for the curves")
    files = pairs(source, output, suffix)
    job.check(files[0][1])
    failed, frames, seconds = [], 0, 0.0
    with progress() as bar:
        task = bar.add_task("animating", total=len(files))
        for done in write_all(job, files, workers):
            bar.advance(task)
            frames, seconds = frames + done.frames, seconds + done.seconds
            failed += [done.problem] if done.problem else []
    for problem in failed:
        note(f"facelite: {problem}")
    written = len(files) - len(failed)
    note(f"{output}: {written} of {len(files)} files, {frames} frames from {seconds:.1f} s of sound")
    raise typer.Exit(2 if failed else 0)


def _stream(job: Job, audio: Path, osc: str | None, livelink: str | None, writes: bool) -> None:
    from ..errors import BadInput
    from ..export.rates import exact
    from ..export.stream.send import FPS, send_livelink, send_vmc

    if osc is not None and livelink is not None:
        raise BadInput("--livelink", "one stream at a time", "leave out --osc")
    unused = {"--head": job.head, "--node": job.node, "--start": job.start if livelink is None else None}
    for option, given in unused.items():
        if given is not None and not writes:
            raise BadInput(option, "a stream has no use for it", "leave it out, or write a file with -o")
    fps = FPS if job.fps is None else job.fps
    if not 8 <= fps <= 1000:
        raise BadInput("--fps", f"{fps:g} frames a second", "stream at 8 to 1000")
    curves, _ = job.animate(audio, _REST)
    curves = curves.resample(exact(fps))
    note(f"streaming {len(curves.values)} frames at {curves.frame_rate:.6g} fps to {livelink if osc is None else osc}")
    sent = send_vmc(curves, osc) if osc is not None else send_livelink(curves, livelink or "", start=job.start)
    note(f"{sent.frames} frames sent, {sent.late} passed over")
