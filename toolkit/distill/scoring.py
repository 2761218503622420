"""Score any student, whatever runs it, on the clips of a labelled set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..controls import closure
from .labelled import Entry, LabelledSet
from .metrics import ClosureScore, ScoredClip, closure_score, correlation, jitter

Animate = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""float32 PCM [samples] at 16 kHz -> float32 curves [frames, controls]."""


@dataclass(frozen=True)
class Score:
    """A student against its teacher and against the phone labels, over one set of clips.

    `jitter_ratio` is the student's jitter over the teacher's own.
    """

    clips: int
    seconds: float
    mse: float
    velocity_mse: float
    correlation: float
    jitter: float
    jitter_ratio: float
    closure: ClosureScore | None


def score(
    animate: Animate, labelled: LabelledSet, entries: Iterable[Entry], progress: Callable[[], object] | None = None
) -> Score:
    """Animate each clip and compare it with the set's curves and closures.

    Parameters
    ----------
    progress
        Called with no argument after each clip.

    Raises
    ------
    ValueError
        `entries` is empty.
    """
    rate = 16000 / labelled.hop
    ours, theirs, clips, speech_jitter = [], [], [], []
    for entry in entries:
        teacher = labelled.clip_curves(entry)
        student = animate(labelled.clip_audio(entry))[: len(teacher)]
        ours.append(student)
        theirs.append(teacher)
        speech_jitter.append((jitter(student), jitter(teacher), len(student)))
        clips.append(scored_clip(student, labelled.controls, entry, rate))
        if progress:
            progress()
    if not ours:
        raise ValueError("no clip to score")
    a, b = np.concatenate(ours), np.concatenate(theirs)
    weights = np.array([n for _, _, n in speech_jitter], float)
    student_jitter, teacher_jitter = (
        float(np.average([pair[side] for pair in speech_jitter], weights=weights)) for side in (0, 1)
    )
    velocity = [(np.diff(x, axis=0) - np.diff(y, axis=0)) ** 2 for x, y in zip(ours, theirs, strict=True)]
    return Score(
        clips=len(clips),
        seconds=len(a) / rate,
        mse=float(np.mean((a - b) ** 2)),
        velocity_mse=float(np.concatenate(velocity).mean()),
        correlation=correlation(a, b),
        jitter=student_jitter,
        jitter_ratio=student_jitter / max(teacher_jitter, 1e-9),
        closure=closure_score(clips, rate) if any(clip.closures for clip in clips) else None,
    )


def scored_clip(curves: NDArray[np.float32], controls: tuple[str, ...], entry: Entry, rate: float) -> ScoredClip:
    """The closure measure of one clip's curves, with the reference closures in frames."""
    frame = np.arange(len(curves))
    speech = np.zeros(len(curves), bool)
    for start, end in entry.speech:
        speech |= (frame >= start * rate) & (frame < end * rate)
    spans = tuple((start * rate, end * rate) for start, end in entry.closures)
    return ScoredClip(closure(curves, controls), spans, speech)
