"""Retargeting: a student learns another rig by changing its last layer alone.

The layers before it stay as they are, so what they make of each frame of speech is a fixed vector of features, and
the last layer is linear in them: the best one is a ridge regression, solved exactly. How strongly to shrink is chosen
for each control by leaving out recordings in turn; recordings that the fit never saw judge the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from .. import spec as specs
from ..atomic import replacing, write_text
from ..curves import FRAME_RATE
from ..errors import BadInput
from ..reference import smooth
from ..spec import SPEC_NAME, StudentSpec
from ..speech.audio import SAMPLE_RATE
from ..teachers.loudness import frame_levels
from . import heads
from .examples import Example
from .exported import STUDENT, read_model, refuse_own, student_file
from .inference import Twin
from .metrics import correlations, jitter
from .ridge import Solver, Sums, choose_strengths, total
from .timing import Follower, closest_follower, lags

CARD = "MODEL_CARD.md"

FOLDS = 4
"""Parts of the recordings that are left out in turn; each holds a matrix of the features' size squared."""

SIGNED = 0.01
"""Share of a control's range that must lie below 0 for it to count as signed."""

Progress = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a retargeting did, and how well it holds on recordings it never saw.

    Attributes
    ----------
    spec
        Of the new student.
    signed
        Controls that go below 0; with any, the last layer is linear, otherwise ReLU.
    learnt, held_out
        Names of the recordings.
    seconds
        Of the recordings it learnt from.
    ridge, correlation, reach
        float64 [controls]: strength of the shrinking; Pearson's r on the held-out recordings, NaN for a control that
        does not move there; its standard deviation over the curves' own.
    jitter_ratio
        Mean absolute second difference of the student over that of the curves.
    lag_ms
        How much later than the curves the student's motion is; median over the controls.
    follower
        Whether the curves are in time with the audio.
    """

    spec: StudentSpec
    signed: tuple[str, ...]
    learnt: tuple[str, ...]
    held_out: tuple[str, ...]
    seconds: float
    ridge: NDArray[np.float64]
    correlation: NDArray[np.float64]
    reach: NDArray[np.float64]
    jitter_ratio: float
    lag_ms: float
    follower: Follower

    @property
    def mean_correlation(self) -> float:
        """Over the controls that move on the held-out recordings; NaN when none does."""
        return float(np.nanmean(self.correlation)) if np.isfinite(self.correlation).any() else float("nan")


def retarget(
    student: str | Path,
    controls: Sequence[str],
    learnt: Sequence[Example],
    held_out: Sequence[Example],
    output: str | Path,
    ridge: float | None = None,
    name: str | None = None,
    progress: Progress = lambda done, of: None,
) -> Outcome:
    """Give a student a new last layer, and leave it in `output` with its spec and a model card.

    Parameters
    ----------
    student
        A windowed student.keras with its student.toml, or the folder of both.
    controls
        Names of the curves' columns.
    learnt, held_out
        Recordings to fit and to judge; at least two and one.
    output
        Folder for student.keras, student.toml and MODEL_CARD.md.
    ridge
        Strength for every control, for features of unit variance; None chooses it control by control.
    name
        Of the new student; the old one's with "_retargeted" unless given.
    progress
        Called as ``progress(done, of)`` after each recording.

    Raises
    ------
    BadInput
        The student, a recording or a name cannot be used; nothing is written.
    """
    source, output = student_file(student), Path(output)
    refuse_own(output, source)
    model, old = _open(source)
    spec = _renamed(old, controls, name)
    of = len(learnt) + len(held_out)
    gathered = _gather(model, spec, learnt, lambda done: progress(done, of))
    strengths = choose_strengths(gathered.folds) if ridge is None else np.full(len(controls), float(ridge))
    weights, bias = Solver.of(total(gathered.folds)).solve(strengths)
    signed = gathered.lowest < -SIGNED * (gathered.highest - gathered.lowest)
    made = heads.with_head(model, weights, bias, "linear" if signed.any() else "relu")
    outcome = Outcome(
        spec=spec,
        signed=tuple(np.asarray(spec.controls)[signed].tolist()),
        learnt=tuple(example.name for example in learnt),
        held_out=tuple(example.name for example in held_out),
        seconds=sum(fold.count for fold in gathered.folds) / FRAME_RATE,
        ridge=strengths,
        follower=gathered.follower,
        **_judged(made, spec, held_out, lambda done: progress(len(learnt) + done, of)),
    )
    _write(made, outcome, old, output)
    return outcome


def _open(path: Path) -> tuple[Any, StudentSpec]:
    model, spec = read_model(path), specs.beside(path)
    rate = spec.sample_rate / Twin(model, spec.lookahead, spec.companding).hop
    if spec.sample_rate != SAMPLE_RATE or rate != FRAME_RATE:
        problem = f"answers {rate:g} frames a second of audio at {spec.sample_rate} Hz"
        raise BadInput(path, problem, f"teachers give {FRAME_RATE:g} at {SAMPLE_RATE} Hz")
    return model, spec


def _renamed(old: StudentSpec, controls: Sequence[str], name: str | None) -> StudentSpec:
    changes = {"name": name or f"{old.name}_retargeted", "controls": tuple(controls)}
    try:
        return StudentSpec.model_validate(old.model_dump() | changes)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        mend = "names are printable ASCII without spaces, at most 64 letters, none twice"
        raise BadInput("retarget", f"{field} {first['input']!r}: {first['msg']}", mend) from None


@dataclass(frozen=True, eq=False)
class _Gathered:
    """What the recordings say: sums for the fit, the range of each control, the timing."""

    folds: list[Sums]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    follower: Follower


def _gather(model: Any, spec: StudentSpec, learnt: Sequence[Example], progress: Callable[[int], object]) -> _Gathered:
    twin, size = Twin(heads.headless(model), spec.lookahead, spec.companding), heads.features_of(model)
    folds = [Sums.empty(size, len(spec.controls)) for _ in range(min(FOLDS, len(learnt)))]
    loudness, curves = [], []
    for index, example in enumerate(learnt):
        audio, targets = example.read()
        # The mean of the last layer's answers is its answer to the mean: the fit sees what a smoothed stream gives.
        folds[index % len(folds)].add(_answer(twin, spec, audio), targets)
        loudness.append(frame_levels(audio, SAMPLE_RATE, FRAME_RATE))
        curves.append(targets)
        progress(index + 1)
    motion = np.concatenate(curves)
    follower = closest_follower(np.concatenate(loudness), motion, spec.controls)
    return _Gathered(folds, motion.min(0).astype(np.float64), motion.max(0).astype(np.float64), follower)


def _judged(
    model: Any, spec: StudentSpec, held_out: Sequence[Example], progress: Callable[[int], object]
) -> dict[str, Any]:
    twin = Twin(model, spec.lookahead, spec.companding)
    answers, curves, unrest = [], [], np.zeros(2)
    for index, example in enumerate(held_out):
        audio, targets = example.read()
        answer = _answer(twin, spec, audio)
        unrest += np.array([jitter(answer), jitter(targets)]) * len(targets)
        answers.append(answer)
        curves.append(targets)
        progress(index + 1)
    answer, target = np.concatenate(answers), np.concatenate(curves)
    found, spread = correlations(answer, target), target.std(0)
    late = lags(target, answer)[0][np.isfinite(found)]
    return {
        "correlation": found,
        "reach": np.where(np.isfinite(found), answer.std(0) / np.where(spread > 0, spread, 1), np.nan),
        "jitter_ratio": float(unrest[0] / unrest[1]) if unrest[1] else float("nan"),
        "lag_ms": float(np.nanmedian(late)) if np.isfinite(late).any() else float("nan"),
    }


def _answer(twin: Twin, spec: StudentSpec, audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """As a stream gives it: smoothed where the student is."""
    answer = twin.animate(audio)
    return smooth(answer) if spec.smoothing else answer


def _write(model: Any, outcome: Outcome, old: StudentSpec, output: Path) -> None:
    from .retarget_card import render

    with replacing(output / STUDENT) as path:
        model.save(path)
    write_text(output / SPEC_NAME, specs.text(outcome.spec))
    write_text(output / CARD, render(outcome, old))
