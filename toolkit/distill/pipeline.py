"""`facelite distill`: label the corpora, train, export the student, score it, write its model card."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from ..atomic import replacing, write_text
from ..cli.common import note, progress
from ..reference import smooth
from ..speech.corpus import MANIFEST, PHONES, Corpus
from ..teachers.oracle import OracleTeacher
from . import card, labelled, students
from . import recipe as recipes
from .calibrate import Calibration, fit
from .inference import animate, linear
from .labelled import LabelledSet
from .recipe import Recipe, StudentConfig
from .scoring import Score, score
from .train import Run

STUDENT, SPEC, EVALUATION = "student.keras", "student.toml", "evaluation.json"


def distill(
    corpora: list[Path], recipe: str | Path, output: Path, steps: int | None = None, seed: int | None = None
) -> None:
    """Train the student of `recipe` on `corpora` and leave it in `output`.

    Leaves student.keras, student.toml, evaluation.json, MODEL_CARD.md, history.json, run.json, the labels and
    the checkpoint. A run that is there already goes on.

    Raises
    ------
    BadInput
        A corpus, the recipe or the run folder cannot be used; nothing is trained.
    """
    chosen = _override(recipes.load(recipe), steps, seed)
    opened = [Corpus.open(path) for path in corpora]
    sets = [_labels(corpus, chosen, output) for corpus in opened]
    started = time.time()
    run = Run(output, chosen, sets)
    first = run.step
    _train(run)
    seconds = time.time() - started if first == 0 else None
    calibration = calibrate_run(run)
    export(run.model, chosen.student, output, calibration)
    results = _score_all(run, sets, calibration)
    report = {name: asdict(result) for name, result in results.items()}
    write_text(output / EVALUATION, json.dumps(report, indent=1))
    write_text(output / "MODEL_CARD.md", card.render(chosen, opened, run.history, results, seconds))
    note(f"student: {output / STUDENT}")


def calibrate_run(run: Run) -> Calibration:
    """The output calibration of a trained student, from the clips it is validated on, as a stream gives them."""
    student = run.recipe.student
    labelled, entries = run.validation()
    heard = (linear(run.model, student, labelled.clip_audio(entry)) for entry in entries)
    answers = np.concatenate([smooth(curves) if student.smoothing else curves for curves in heard])
    targets = np.concatenate([labelled.clip_curves(entry) for entry in entries])
    return fit(answers, targets, run.recipe.train.calibration)


def export(model: keras.Model, student: StudentConfig, folder: Path, calibration: Calibration | None = None) -> None:
    """Write the windowed student and its spec."""
    with replacing(folder / STUDENT) as path:
        students.windowed(student, model, calibration).save(path)
    write_text(folder / SPEC, spec_text(student))


def spec_text(student: StudentConfig) -> str:
    """The student.toml that tells a converter what the model file does not."""
    controls = "".join(f'    "{name}",\n' for name in student.controls)
    return (
        f'name = "{student.name}"\n'
        f"sample_rate = {student.sample_rate} # Hz\n"
        f"lookahead = {student.lookahead} # samples\n"
        f"smoothing = {str(student.smoothing).lower()}\n"
        f'companding = "mulaw"\n'
        f"controls = [\n{controls}]\n"
    )


def _override(recipe: Recipe, steps: int | None, seed: int | None) -> Recipe:
    changes = {name: value for name, value in (("steps", steps), ("seed", seed)) if value is not None}
    return recipe.model_copy(update={"train": recipe.train.model_copy(update=changes)})


def _labels(corpus: Corpus, recipe: Recipe, output: Path) -> Path:
    """The corpus with the oracle's curves; labelled again only when corpus or controls have changed."""
    student = recipe.student
    key = hashlib.sha256((corpus.root / MANIFEST).read_bytes() + (corpus.root / PHONES).read_bytes())
    key.update(repr((student.controls, student.hop)).encode())
    folder = output / "labels" / key.hexdigest()[:16]
    if not (folder / labelled.INDEX).exists():
        with progress() as bar:
            task = bar.add_task(f"labelling {corpus.root.name}", total=len(corpus))
            labelled.label(
                [corpus],
                OracleTeacher(),
                student.controls,
                student.hop,
                folder,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    return folder


def _train(run: Run) -> None:
    with progress() as bar:
        task = bar.add_task("training", total=run.recipe.train.steps, completed=run.step)

        def show(step: int, steps: int, loss: float, latest: dict | None) -> None:
            text = f"training, loss {loss:.3f}"
            if latest:
                text += (
                    f", valid mse {latest['mse']:.4f}, r {latest['correlation']:.3f}"
                    f", closure F1 {latest.get('closure_f1', float('nan')):.3f}"
                )
            bar.update(task, completed=step, description=text)

        run.train(show)


def _score_all(run: Run, sets: list[Path], calibration: Calibration) -> dict[str, Score]:
    """Each source's held-out clips, as the stream gives them: smoothed where the student is."""
    student = run.recipe.student

    def stream(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        curves = animate(run.model, student, pcm, calibration)
        return smooth(curves) if student.smoothing else curves

    results: dict[str, Score] = {}
    for path in sets:
        held_out = LabelledSet.open(path)
        for source, split in sorted({(e.source, e.split) for e in held_out.entries if e.labelled}):
            if split != "train":
                chosen = [e for e in held_out.entries if (e.source, e.split) == (source, split) and e.labelled]
                results[f"{source}/{split}"] = score(stream, held_out, chosen)
    return results
