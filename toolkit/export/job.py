"""From a recording to a file of curves, for one recording or a folder of them on every core."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import workers as processes
from ..curves import Curves
from ..errors import BadInput, FaceliteError
from ..machine import cores
from . import check, mapping, visemes, write

if TYPE_CHECKING:
    from ..student import Student

SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64")
"""Suffixes that a folder is searched for."""


@dataclass(frozen=True)
class Job:
    """What to make of a recording.

    Attributes
    ----------
    bundle
        A bundle's folder or a student.facelite.
    scheme
        What the curves are weights of: ARKit's controls, Oculus' visemes or VRM's expressions.
    rig
        A mapping file, applied last.
    fps, head, start, node
        See `facelite.export.write`.
    gate, idle
        Whether the face rests while nobody speaks; whether it blinks, looks about and lifts its brows.
    """

    bundle: Path
    scheme: visemes.Scheme = "arkit"
    rig: Path | None = None
    fps: float | None = None
    head: Path | None = None
    start: str | None = None
    node: str | None = None
    gate: bool = True
    idle: bool = False

    def animate(self, audio: Path, rest: int = 0) -> tuple[Curves, float]:
        """Curves of a sound file of any rate and channel count, at the student's rate, and its seconds of sound.

        `rest` frames of a face at rest follow them, in whatever controls are asked for.
        """
        from ..idle import animate
        from ..speech.audio import read

        student = _student(self.bundle)
        pcm = read(audio, student.sample_rate)
        values, controls = animate(student, pcm, self.gate, self.idle)
        values = np.pad(values, ((0, rest), (0, 0)))
        curves = visemes.convert(Curves(values, controls, student.frame_rate), self.scheme)
        if self.rig is not None:
            curves = mapping.apply(curves, mapping.read(self.rig), self.rig)
        return curves, len(pcm) / student.sample_rate

    def check(self, target: Path) -> None:
        """What would be wrong with any recording.

        Raises
        ------
        BadInput
            The student or the rig cannot be used, or `target`'s format cannot hold what is asked for.
        """
        check(target, self.fps, self.head, self.start, self.node)
        student = _student(self.bundle)
        if self.rig is not None:
            nothing = Curves(np.zeros((0, len(student.controls)), np.float32), student.controls, student.frame_rate)
            mapping.apply(visemes.convert(nothing, self.scheme), mapping.read(self.rig), self.rig)

    def write(self, audio: Path, target: Path) -> tuple[int, float, float]:
        """Write one file; returns its frames, their rate and the seconds of sound."""
        curves, seconds = self.animate(audio)
        written = write(target, curves, self.fps, self.head, self.start, self.node)
        return len(written.values), written.frame_rate, seconds


def pairs(source: Path, output: Path, suffix: str) -> list[tuple[Path, Path]]:
    """Every sound file below `source`, and the file of curves that it becomes at the same place below `output`.

    Raises
    ------
    BadInput
        There is no sound file, or two would become one file.
    """
    sounds = sorted(path for path in source.rglob("*") if path.suffix.lower() in SOUNDS and path.is_file())
    if not sounds:
        raise BadInput(source, "holds no sound file", f"give a folder with {', '.join(SOUNDS[:5])}, …")
    found: dict[Path, Path] = {}
    for sound in sounds:
        target = output / sound.relative_to(source).with_suffix(suffix)
        if target in found:
            raise BadInput(sound, f"and {found[target].name} would both become {target.name}", "rename one of them")
        found[target] = sound
    return [(sound, target) for target, sound in found.items()]


@dataclass(frozen=True)
class Done:
    """One file of many: what was written, or in `problem` why not."""

    sound: Path
    frames: int = 0
    seconds: float = 0.0
    problem: str = ""


def write_all(job: Job, files: list[tuple[Path, Path]], workers: int | None = None) -> Iterator[Done]:
    """Write many files, each in one of `workers` processes (default: one a core); one that fails stops no other.

    Yields
    ------
    Each as it is done, in any order.

    Raises
    ------
    BadInput
        A worker died.
    """
    workers = min(workers or cores(), len(files))
    with processes.pool(workers) as pool:
        running = [pool.submit(_attempt, job, sound, target) for sound, target in files]
        try:
            yield from (future.result() for future in as_completed(running))
        except BrokenProcessPool:
            raise BadInput("a worker", "was killed or crashed", "run again with fewer --workers") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _attempt(job: Job, sound: Path, target: Path) -> Done:
    try:
        frames, _, seconds = job.write(sound, target)
    except FaceliteError as error:
        return Done(sound, problem=str(error))
    except UnicodeEncodeError:
        return Done(sound, problem=f"{sound}: its name is not UTF-8, and {target.suffix} cannot hold it; rename it")
    except OSError as error:
        return Done(sound, problem=f"{error.filename or target}: {error.strerror or error}")
    return Done(sound, frames, seconds)


@lru_cache(maxsize=1)
def _student(bundle: Path) -> Student:
    from ..student import load

    return load(bundle)
