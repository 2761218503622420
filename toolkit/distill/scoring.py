"""Score any student, whatever runs it: against its teacher's curves, and against phone labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..controls import CLOSURE_NEEDS, LABIODENTAL_NEEDS, closure, labiodental
from .intervals import Interval, average_precision_interval
from .labelled import Entry, LabelledSet
from .metrics import ContactScore, ScoredClip, contact_score, correlation, correlations, jitter

Animate = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""float32 PCM [samples] at 16 kHz -> float32 curves [frames, controls]."""

Spans = tuple[tuple[float, float], ...]
"""Start and end in seconds."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a student made of one clip, and what it should have.

    Attributes
    ----------
    student, teacher
        float32 [frames, controls], the same controls.
    closures, bites
        Where lips are shut (p, b, m), and where the lower lip is at the teeth (f, v); () where nobody labelled.
    speech
        Where there is speech: contacts are scored there alone.
    speaker
        Whose voice.
    """

    student: NDArray[np.float32]
    teacher: NDArray[np.float32]
    closures: Spans
    bites: Spans
    speech: Spans
    speaker: str


@dataclass(frozen=True)
class Score:
    """A student against its teacher and against the phone labels, over one set of clips.

    `jitter_ratio` is the student's jitter over the teacher's own; `correlations` holds the controls that move under
    the teacher; `closure` and `labiodental` are None where there are no labels, or controls that do not tell of lips,
    `interval` (of the closures' average precision) also where it was not asked for.
    """

    clips: int
    seconds: float
    mse: float
    velocity_mse: float
    correlation: float
    jitter: float
    jitter_ratio: float
    closure: ContactScore | None
    labiodental: ContactScore | None = None
    interval: Interval | None = None
    correlations: dict[str, float] = field(default_factory=dict)

    def flat(self) -> dict[str, float]:
        """Its numbers by name, the closures' with "closure_" before them: one line of a history."""
        record = {name: value for name, value in asdict(self).items() if isinstance(value, int | float)}
        closure = asdict(self.closure) if self.closure else {}
        return record | {f"closure_{name}": value for name, value in closure.items()}


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
    answers = []
    for entry in entries:
        teacher = labelled.clip_curves(entry)
        student = animate(labelled.clip_audio(entry))[: len(teacher)]
        answers.append(Answer(student, teacher, entry.closures, (), entry.speech, entry.speaker))
        if progress:
            progress()
    return score_answers(answers, labelled.controls, 16000 / labelled.hop)


def score_held_out(animate: Animate, sets: Iterable[Path]) -> dict[str, Score]:
    """ "source/split" -> `score` of its labelled clips, over all of the sets that nothing is trained on."""
    results: dict[str, Score] = {}
    for path in sets:
        labelled = LabelledSet.open(path)
        groups: dict[str, list[Entry]] = {}
        for entry in labelled.entries:
            if entry.labelled and entry.split != "train":
                groups.setdefault(f"{entry.source}/{entry.split}", []).append(entry)
        results |= {name: score(animate, labelled, entries) for name, entries in sorted(groups.items())}
    return results


def score_answers(answers: Sequence[Answer], controls: tuple[str, ...], rate: float, interval: bool = False) -> Score:
    """All measures over `answers`; `rate` is in frames a second, `interval` asks for the bootstrap.

    Raises
    ------
    ValueError
        `answers` is empty.
    """
    if not answers:
        raise ValueError("no clip to score")
    student = np.concatenate([answer.student for answer in answers])
    teacher = np.concatenate([answer.teacher for answer in answers])
    velocity = [np.diff(answer.student, axis=0) - np.diff(answer.teacher, axis=0) for answer in answers]
    weights = np.array([len(answer.student) for answer in answers], float)
    own, theirs = (
        float(np.average([jitter(getattr(answer, side)) for answer in answers], weights=weights))
        for side in ("student", "teacher")
    )
    lips = [scored_clip(closure(answer.student, controls), answer.closures, answer.speech, rate) for answer in answers]
    teeth = [
        scored_clip(labiodental(answer.student, controls), answer.bites, answer.speech, rate) for answer in answers
    ]
    shut = _contacts(lips, rate) if set(CLOSURE_NEEDS) <= set(controls) else None
    bitten = _contacts(teeth, rate) if set(LABIODENTAL_NEEDS) <= set(controls) else None
    speakers = [answer.speaker for answer in answers]
    each = zip(controls, correlations(student, teacher).tolist(), strict=True)
    return Score(
        clips=len(answers),
        seconds=len(student) / rate,
        mse=float(np.mean((student - teacher) ** 2)),
        velocity_mse=float(np.mean(np.concatenate(velocity) ** 2)),
        correlation=correlation(student, teacher),
        jitter=own,
        jitter_ratio=own / max(theirs, 1e-9),
        closure=shut,
        labiodental=bitten,
        interval=average_precision_interval(lips, speakers) if interval and shut else None,
        correlations={name: value for name, value in each if np.isfinite(value)},
    )


def scored_clip(measure: NDArray[np.float32], contacts: Spans, speech: Spans, rate: float) -> ScoredClip:
    """One clip's contact measure [frames] with its reference contacts in frames."""
    frame = np.arange(len(measure))
    spoken = np.zeros(len(measure), bool)
    for start, end in speech:
        spoken |= (frame >= start * rate) & (frame < end * rate)
    return ScoredClip(measure, tuple((start * rate, end * rate) for start, end in contacts), spoken)


def _contacts(clips: Sequence[ScoredClip], rate: float) -> ContactScore | None:
    return contact_score(clips, rate) if any(clip.contacts for clip in clips) else None
