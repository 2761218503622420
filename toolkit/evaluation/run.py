"""Asks a subject about every clip under every condition, and scores what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..curves import FRAME_RATE
from ..distill.metrics import jitter
from ..distill.scoring import Answer, Score, score_answers
from ..errors import BadInput
from ..reference import smooth
from ..speech.corpus import Clip
from .conditions import CLEAN, Condition
from .references import Reference
from .resting import Rest, resting
from .subjects import Subject

ALL = "all"
"""The group of all clips, where there is more than one source."""


@dataclass(frozen=True)
class Smoothing:
    """Jitter before and after the mean of three frames, and the teacher's own, over all clips as they are."""

    unsmoothed: float
    smoothed: float
    teacher: float


@dataclass(frozen=True, eq=False)
class Measured:
    """Everything that is measured of one subject.

    Attributes
    ----------
    scores
        Condition -> "source/split" or "all" -> measures of what the subject delivers.
    smoothing
        Group -> jitter before and after, on clean speech.
    rest
        Kind of sound -> what the mouth does without speech.
    """

    subject: Subject
    scores: dict[str, dict[str, Score]]
    smoothing: dict[str, Smoothing]
    rest: dict[str, Rest]


def measure(
    subject: Subject,
    spoken: Sequence[Reference],
    conditions: Sequence[Condition] = (Condition(),),
    noise: Iterable[Clip] = (),
    progress: Callable[[], object] | None = None,
) -> Measured:
    """Measure `subject`.

    Parameters
    ----------
    spoken
        Speech with what should be answered.
    conditions
        `Condition()` is speech as it is; intervals and smoothing are measured on it alone.
    noise
        Recordings without speech.
    progress
        Called with no argument after each clip under each condition.

    Raises
    ------
    BadInput
        The subject refuses a clip, or answers with another number of frames than the reference.
    """
    groups = _groups(spoken)
    scores: dict[str, dict[str, Score]] = {}
    smoothing: dict[str, Smoothing] = {}
    for condition in conditions:
        answers = [_answer(subject, reference, condition, progress) for reference in spoken]
        clean = condition.name == CLEAN
        scores[condition.name] = {
            name: score_answers([answers[index].delivered for index in chosen], subject.controls, subject.rate, clean)
            for name, chosen in groups.items()
        }
        if clean:
            smoothing = {name: _smoothing([answers[index] for index in chosen]) for name, chosen in groups.items()}
    return Measured(subject, scores, smoothing, resting(subject, noise))


@dataclass(frozen=True, eq=False)
class _Heard:
    unsmoothed: NDArray[np.float32]
    delivered: Answer


def _answer(
    subject: Subject, reference: Reference, condition: Condition, progress: Callable[[], object] | None
) -> _Heard:
    clip = reference.clip
    unsmoothed = subject.unsmoothed(condition.heard(reference.audio(), clip.path), clip.phones)
    teacher = reference.curves.select(subject.controls).resample(subject.rate).values
    frames = _shared(subject, clip, len(unsmoothed), len(teacher))
    delivered = subject.deliver(unsmoothed)
    answer = Answer(
        student=delivered[:frames],
        teacher=teacher[:frames],
        closures=reference.closures,
        bites=reference.bites,
        speech=reference.speech,
        speaker=clip.speaker,
    )
    if progress:
        progress()
    return _Heard(unsmoothed[:frames], answer)


def _shared(subject: Subject, clip: Clip, answered: int, wanted: int) -> int:
    """Frames that both have: another rate ends up to a frame of the slower one away; more is another recording."""
    if abs(answered - wanted) > max(1.0, subject.rate / FRAME_RATE):
        problem = f"answers {clip.path} with {answered} frames, the reference has {wanted}"
        raise BadInput(subject.path, problem, "measure on the audio that the reference was made from")
    return min(answered, wanted)


def _groups(spoken: Sequence[Reference]) -> dict[str, list[int]]:
    """Which clips belong to each source and split, and to "all"."""
    groups: dict[str, list[int]] = {}
    for index, reference in enumerate(spoken):
        groups.setdefault(reference.group, []).append(index)
    groups = dict(sorted(groups.items()))
    return groups | {ALL: list(range(len(spoken)))} if len(groups) > 1 else groups


def _smoothing(answers: Sequence[_Heard]) -> Smoothing:
    weights = np.array([len(answer.unsmoothed) for answer in answers], float)
    before = [jitter(answer.unsmoothed) for answer in answers]
    after = [jitter(smooth(answer.unsmoothed)) for answer in answers]
    teacher = [jitter(answer.delivered.teacher) for answer in answers]
    return Smoothing(*(float(np.average(values, weights=weights)) for values in (before, after, teacher)))
