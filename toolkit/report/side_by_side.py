"""A page that plays a teacher and students next to each other: one file, with its sound, curves and code inside."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from ..atomic import write_text
from ..curves import FRAME_RATE, Curves
from ..evaluation.markdown import cells
from ..evaluation.references import Reference
from ..evaluation.subjects import Subject
from ..speech.audio import SAMPLE_RATE
from .clip import PEAK_RATE, as_base64, peaks
from .page import environment, inline

CLIPS = 8
"""Recordings on a page, taken from all groups in turn."""

LONGEST = 8.0
"""Seconds: longer ones are passed over, if a group has shorter ones."""

_STYLES = ("report.css", "side_by_side.css")
_SCRIPTS = (
    "mouth.js",
    "face.js",
    "clip.js",
    "gaps.js",
    "rows.js",
    "theme.js",
    "side_faces.js",
    "side_plot.js",
    "side_by_side.js",
)
"""In order of use: they are joined into one function's body."""

_PARTS = {"lips": "Lips and teeth", "curves": "Curves, quiet and noise", "groups": "By source"}


def write(
    path: str | Path, table: dict[str, Any], subjects: Sequence[tuple[str, Subject]], spoken: Sequence[Reference]
) -> Path:
    """Write the page.

    Parameters
    ----------
    table
        As `evaluation.table.fill` returns it.
    subjects
        What is shown beside the teacher, with names.
    spoken
        What was measured; some of it is played.
    """
    path = Path(path)
    chosen = chosen_clips(spoken)
    shown = [(name, one) for name, one in subjects if one.path != table["teacher"]]
    data = {
        "subjects": [{"name": table["teacher"], "about": "reference"}, *(_about(name, one) for name, one in shown)],
        "controls": table["controls"],
        "clips": [_clip(reference, tuple(table["controls"]), [one for _, one in shown]) for reference in chosen],
    }
    page = (
        environment()
        .get_template("side_by_side.html.j2")
        .render(
            table=table,
            parts=[(title, *cells(table, name)) for name, title in _PARTS.items()],
            data=data,
            style=inline(_STYLES),
            face_style=inline(("face.css",)),
            face_svg=inline(("face.svg",)),
            script=inline(_SCRIPTS),
        )
    )
    write_text(path, page)
    return path


def chosen_clips(spoken: Sequence[Reference]) -> list[Reference]:
    """Of each group in turn the clip, no longer than `LONGEST`, with the most lip closures; `CLIPS` in all."""
    queues: dict[str, list[Reference]] = {}
    for reference in spoken:
        queues.setdefault(reference.group, []).append(reference)
    for queue in queues.values():
        queue.sort(key=lambda one: (one.clip.seconds > LONGEST, -len(one.closures), one.clip.seconds))
    chosen: list[Reference] = []
    while len(chosen) < min(CLIPS, len(spoken)):
        chosen += [queue.pop(0) for queue in queues.values() if queue]
    return chosen[:CLIPS]


def _about(name: str, subject: Subject) -> dict[str, str]:
    future = "whole utterance" if subject.future_ms is None else f"{subject.future_ms:.0f} ms of future"
    return {"name": name, "about": f"{subject.kind}, {future}"}


def _clip(reference: Reference, controls: tuple[str, ...], subjects: Sequence[Subject]) -> dict[str, Any]:
    audio, clip = reference.audio(), reference.clip
    answers = [reference.curves.select(controls)]
    for subject in subjects:
        values = subject.deliver(subject.unsmoothed(audio, clip.phones))
        answers.append(Curves(values, subject.controls, subject.rate).select(controls).resample(FRAME_RATE))
    frames = min(len(answer.values) for answer in answers)
    return {
        "name": clip.text or Path(clip.path).stem,
        "source": f"{clip.source}, {clip.speaker}, {clip.licence}",
        "seconds": round(len(audio) / SAMPLE_RATE, 3),
        "frames": frames,
        "frame_rate": FRAME_RATE,
        "peaks": as_base64(peaks(audio, SAMPLE_RATE).tobytes()),
        "peak_rate": PEAK_RATE,
        "phones": [{"start": phone.start, "end": phone.end, "symbol": phone.symbol} for phone in clip.phones],
        "sound": _flac(reference.samples),
        "curves": [as_base64(_packed(answer.values[:frames])) for answer in answers],
    }


def _packed(values: NDArray[np.float32]) -> bytes:
    """uint8 [frames, controls], 255 = 1: a step is a quarter of what the drawn face can show."""
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8).tobytes()


def _flac(samples: NDArray[np.int16]) -> str:
    file = io.BytesIO()
    soundfile.write(file, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return as_base64(file.getvalue())
