"""Makes the report of a bundle: animates, proves, validates, times, collects."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from facelite.targets.device import load
from facelite.targets.evidence import gather
from facelite.targets.validate import validate_all
from numpy.typing import NDArray

from ..compare import compare
from ..curves import Curves
from ..data import ClipFile
from ..speech import audio
from ..student import Student
from .clip import Clip
from .content import collect
from .errors import errors_over_time
from .page import write
from .timing import measure

Progress = Callable[[str], None]

PUSH = 256
"""Samples that a recording is handed to the stream at a time, as an engine would."""


COMPARED_SECONDS = 10
"""How much of a recording runtimes are compared on; the NumPy oracle is slow."""

SPOKEN = ("speech", "speech 30 dB down")
"""The signals among them that lips are judged on."""


@dataclass(frozen=True, eq=False)
class Built:
    """What was made.

    Attributes
    ----------
    page
        report.html.
    facts
        The content of report.json.
    clip
        The recording with its curves.
    """

    page: Path
    facts: dict[str, Any]
    clip: Clip

    @property
    def holds(self) -> bool:
        """Whether every limit of every target is kept and every runtime agrees."""
        return self.facts["proof"]["holds"] and all(verdict["holds"] for verdict in self.facts["verdicts"])


def build(
    bundle: str | Path,
    recording: ClipFile | str | Path,
    source: str | Path | None = None,
    progress: Progress | None = None,
) -> Built:
    """Write report.json and report.html into a bundle.

    Parameters
    ----------
    bundle
        A folder that `facelite convert` wrote.
    recording
        What the page plays: a packaged clip, or any sound file.
    source
        The `.keras` file that the bundle was made from, to compare with it too.
    progress
        Told in a few words what is being done.

    Raises
    ------
    BadInput
        The bundle or the recording cannot be used.
    """
    from facelite.converters.bundle import load_graph

    tell = progress or (lambda text: None)
    folder = Path(bundle)
    known = gather(folder)
    student = known.student
    before = _stored(folder)
    graph = replace(load_graph(folder), name=before.get("student", {}).get("name", "student"))
    tell("animating the recording, 256 samples at a time")
    clip = animated(student, recording)
    tell("comparing every runtime on speech, silence and noise")
    heard = clip.audio[: COMPARED_SECONDS * student.sample_rate]
    phones = dict.fromkeys(SPOKEN, clip.phones)
    proof = compare(folder, signals(heard), source, phones=phones, spoken=SPOKEN)
    tell("holding it to every target")
    verdicts = validate_all(known)
    tell("timing each layer on this machine")
    facts = collect(
        student,
        graph,
        verdicts=verdicts,
        timing=measure(student, clip.audio),
        proof=proof,
        clip=clip,
        errors=errors_over_time(folder, graph, student.blob, heard),
        certificate=known.certificate,
        measured=load(folder, sha256(student.blob).hexdigest()),
    )
    if "conversion" in before:
        facts["conversion"] = before["conversion"]
    tell("writing the report")
    return Built(write(folder, facts, clip), facts, clip)


def animated(student: Student, recording: ClipFile | str | Path) -> Clip:
    """A recording with its curves, heard by the C kernel in pushes of 256 samples."""
    if isinstance(recording, ClipFile):
        path, name, phones = recording.path, recording.text, recording.phones
        source = f"{recording.speaker}, {recording.licence}"
    else:
        path, name, phones, source = Path(recording), Path(recording).name, (), "a file of yours"
    pcm = audio.read(path, student.sample_rate)
    curves = Curves(_streamed(student, pcm), student.controls, student.frame_rate)
    return Clip(name, source, pcm, student.sample_rate, curves, phones)


def _streamed(student: Student, pcm: NDArray[np.float32]) -> NDArray[np.float32]:
    stream = student.stream()
    frames = [stream.push(pcm[start : start + PUSH]) for start in range(0, len(pcm), PUSH)]
    return np.concatenate([*frames, stream.flush()])


def signals(speech: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """What runtimes are compared on: a recording, the same hardly heard, nothing, and as much as there can be."""
    noise = np.random.default_rng(0).uniform(-1, 1, len(speech))
    return {
        SPOKEN[0]: speech,
        SPOKEN[1]: speech * np.float32(10 ** (-30 / 20)),
        "silence": np.zeros(len(speech), np.float32),
        "full-scale noise": noise.astype(np.float32),
    }


def _stored(folder: Path) -> dict[str, Any]:
    """The report that the conversion left: it alone knows the student's name and where it came from."""
    try:
        stored = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(stored, dict) and isinstance(stored.get("student"), dict)
    return stored if whole else {}
