"""Fills a table: measures every student of every row, and makes one figure with its spread of a row's seeds."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import facelite

from ..distill.exported import STUDENT
from ..errors import BadInput
from ..speech.corpus import Clip
from ..teachers.articulation import BILABIALS
from .conditions import Condition
from .figures import figures
from .proof import Proof, prove
from .references import NOISE, Reference, references
from .run import ALL, Measured, measure
from .spec import Row, TableSpec
from .speech import open_speech
from .subjects import Subject, open_subjects

FORMAT = 1
"""Of the table as JSON; it grows when a field changes its meaning or goes."""

Progress = Callable[[str, int, int], object]
"""Called with what is being done, steps done, steps in all."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A row with its students open: one list of renditions (float, int8, or one teacher) for each seed."""

    row: Row
    seeds: list[list[Subject]]


@contextmanager
def opened(spec: TableSpec, progress: Progress) -> Iterator[list[Opened]]:
    """The rows of `spec`, opened; what had to be converted lives as long as the context.

    Raises
    ------
    BadInput
        A student or teacher cannot be opened, or the rows share no control.
    """
    rows = [Opened(row, []) for row in spec.row]
    students = [(row, seed) for row in rows for student in row.row.students for seed in seeds_of(student)]
    with tempfile.TemporaryDirectory(prefix="facelite-") as scratch:
        for index, (row, student) in enumerate(students):
            progress(f"opening {row.row.name}", index, len(students))
            found = open_subjects(student, Path(scratch) / str(index) if spec.int8 else None)
            if row.row.smoothing is not None:
                found = [replace(subject, smoothing=row.row.smoothing) for subject in found]
            row.seeds.append(found)
        yield _narrowed(rows)


def seeds_of(student: str) -> list[str]:
    """`student`, or the students in its folders seed-N, as `facelite distill --seeds` leaves them."""
    found = sorted(Path(student).glob(f"seed-*/{STUDENT}"), key=lambda file: (len(file.parent.name), file))
    return [str(file.parent) for file in found] or [student]


def speech_and_noise(spec: TableSpec) -> tuple[list[Clip], list[Clip]]:
    """The clips of `spec` with speech, and the held-out recordings of noise in its corpora.

    Raises
    ------
    BadInput
        A corpus cannot be read, or none holds a clip that was asked for.
    """
    corpora = [open_speech(folder) for folder in spec.corpora]
    wanted = [clip for corpus in corpora for clip in corpus if clip.split in spec.splits and clip.source != NOISE]
    speech = [clip for clip in wanted if not spec.sources or clip.source in spec.sources]
    if not speech:
        held = sorted({f"{clip.source}/{clip.split}" for corpus in corpora for clip in corpus})
        asked = " or ".join(spec.splits) + (f" from {' or '.join(spec.sources)}" if spec.sources else "")
        raise BadInput(", ".join(spec.corpora), f"holds no clip of {asked}", f"it holds {', '.join(held)}")
    noise = [clip for corpus in corpora for clip in corpus if clip.source == NOISE and clip.split != "train"]
    return speech, noise


def fill(
    spec: TableSpec, rows: Sequence[Opened], spoken: Sequence[Reference], noise: Sequence[Clip], progress: Progress
) -> dict[str, Any]:
    """The table as plain values, for JSON.

    Raises
    ------
    BadInput
        The headline group does not exist, or a student refuses a clip.
    """
    conditions = [Condition(), *map(Condition, spec.gain_db), *(Condition(snr_db=snr) for snr in spec.snr_db)]
    groups = _speech(spoken)
    headline = spec.headline or (ALL if ALL in groups else next(iter(groups)))
    if headline not in groups:
        raise BadInput("headline", f"{headline!r} is not measured", f"use one of {', '.join(groups)}")
    filled = []
    for row in rows:
        measured = [
            (subject, measure(subject, spoken, conditions, noise, _ticker(progress, row, subject, spoken, conditions)))
            for seed in row.seeds
            for subject in seed
        ]
        filled.append(_row(row, measured, spoken, list(groups), headline))
    return _plain(
        {
            "format": FORMAT,
            "facelite": facelite.__version__,
            "title": spec.title,
            "teacher": spec.teacher,
            "conditions": [condition.name for condition in conditions],
            "controls": rows[0].seeds[0][0].controls,
            "headline": headline,
            "speech": groups,
            "rows": filled,
        }
    )


def evaluate(
    spec: TableSpec, progress: Progress = lambda text, done, total: None, page: Path | None = None
) -> dict[str, Any]:
    """Open, measure and collect everything that `spec` asks for; see `opened` and `fill`.

    Parameters
    ----------
    page
        Where to write the page that plays the rows side by side; None for none.
    """
    with opened(spec, progress) as rows:
        speech, noise = speech_and_noise(spec)
        done = iter(range(1, len(speech) + 1))
        text = f"asking {spec.teacher}"
        spoken = references(speech, spec.teacher, lambda: progress(text, next(done), len(speech)))
        rows = _narrowed(rows, spoken[0].curves.controls)
        table = fill(spec, rows, spoken, noise, progress)
        if page:
            from ..report.side_by_side import write

            write(page, table, [(row.row.name, row.seeds[0][-1]) for row in rows], spoken)
        return table


def holds(table: dict[str, Any]) -> bool:
    """Whether every int8 student gave LiteRT's values, so that its figures stand for both."""
    proofs = [student["proof"] for row in table["rows"] for student in row["students"] if student["proof"]]
    return all(proof["different"] == 0 for proof in proofs)


def _narrowed(rows: list[Opened], wanted: Sequence[str] | None = None) -> list[Opened]:
    """All subjects on the controls that they share, and that the reference has where it is known.

    An error is a mean over controls, and rows are compared: what one of them lacks is not measured on the others.
    """
    subjects = [subject for row in rows for seed in row.seeds for subject in seed]
    shared = set.intersection(*(set(subject.controls) for subject in subjects))
    if not shared:
        raise BadInput("rows", "the students share no control", "compare students of one rig")
    if wanted is not None:
        shared &= set(wanted)
    if not shared:
        raise BadInput("teacher", "has none of the students' controls", "measure against a teacher of their rig")
    fewest = min(subjects, key=lambda subject: len(subject.controls))
    controls = tuple(name for name in fewest.controls if name in shared)
    return [Opened(row.row, [[subject.narrowed(controls) for subject in seed] for seed in row.seeds]) for row in rows]


def _ticker(
    progress: Progress, row: Opened, subject: Subject, spoken: Sequence[Reference], conditions: Sequence[Condition]
) -> Callable[[], object]:
    total = len(spoken) * len(conditions)
    done = iter(range(1, total + 1))
    return lambda: progress(f"{row.row.name}, {subject.kind}: {subject.path}", next(done), total)


def _speech(spoken: Sequence[Reference]) -> dict[str, dict[str, Any]]:
    """What each group holds."""
    members: dict[str, list[Clip]] = {}
    for reference in spoken:
        members.setdefault(reference.group, []).append(reference.clip)
    members = dict(sorted(members.items()))
    if len(members) > 1:
        members[ALL] = [reference.clip for reference in spoken]
    return {
        name: {
            "clips": len(clips),
            "minutes": round(sum(clip.seconds for clip in clips) / 60, 2),
            "speakers": len({clip.speaker for clip in clips}),
            "closures": sum(phone.symbol in BILABIALS for clip in clips for phone in clip.phones),
        }
        for name, clips in members.items()
    }


def _row(
    row: Opened,
    measured: Sequence[tuple[Subject, Measured]],
    spoken: Sequence[Reference],
    groups: Sequence[str],
    headline: str,
) -> dict[str, Any]:
    kinds = dict.fromkeys(subject.kind for subject, _ in measured)
    by_group = {
        group: {kind: _collapsed([figures(m, group) for s, m in measured if s.kind == kind]) for kind in kinds}
        for group in groups
    }
    sizes = {}
    for subject, _ in measured:
        sizes[subject.kind] = {
            "parameters": subject.parameters,
            "memory": subject.memory,
            "future_ms": subject.future_ms,
        }
    return {
        "name": row.row.name,
        "seeds": len(row.seeds),
        "sizes": sizes,
        "figures": by_group[headline],
        "by_group": by_group,
        "students": [_student(subject, result, prove(subject, spoken))
                     for subject, result in measured],
    }  # fmt: skip


def _student(subject: Subject, measured: Measured, proof: Proof | None) -> dict[str, Any]:
    return {
        "path": subject.path,
        "kind": subject.kind,
        "smoothing": subject.smoothing,
        "scores": {
            condition: {group: asdict(score) for group, score in scores.items()}
            for condition, scores in measured.scores.items()
        },
        "jitter": {group: asdict(smoothing) for group, smoothing in measured.smoothing.items()},
        "rest": {kind: asdict(rest) for kind, rest in measured.rest.items()},
        "proof": asdict(proof) if proof else None,
    }


def _collapsed(seeds: Sequence[dict[str, float]]) -> dict[str, dict[str, float | None]]:
    """Mean over seeds and their standard deviation (n - 1); no spread of one seed."""
    keys = [key for key in seeds[0] if all(key in seed for seed in seeds)]
    return {
        key: {
            "mean": mean(seed[key] for seed in seeds),
            "spread": stdev(seed[key] for seed in seeds) if len(seeds) > 1 else None,
        }
        for key in keys
    }


def _plain(value: Any) -> Any:
    """Floats of six significant digits, None for what is not finite, lists for tuples."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
