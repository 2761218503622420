"""`facelite distill`: label the corpora, train, export the student, score it, write its model card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..atomic import write_text
from ..cli.common import note, progress
from ..labels.store import LabelStore
from ..locks import locked
from ..reference import smooth
from ..speech.corpus import MANIFEST, Corpus
from . import card, runtime
from . import recipe as recipes
from .calibrate import Calibration
from .export import export
from .exported import STUDENT
from .hybrid import PREFIX
from .inference import animate
from .labelling import STORE, check_splits, labelled_sets
from .recipe import FeatureConfig
from .scoring import Score, score_held_out
from .train import Run

EVALUATION, DATA = "evaluation.json", "data.json"


def distill(
    corpora: list[Path],
    recipe: str | Path,
    output: Path,
    steps: int | None = None,
    seed: int | None = None,
    small: Path | None = None,
    init: Path | None = None,
    teacher: str = "oracle",
    labels: Sequence[Path] = (),
    cache: Path | None = None,
) -> None:
    """Train the student of `recipe` on `corpora` and leave it in `output`; a run that is there already goes on.

    Leaves student.keras, student.toml, best.keras, evaluation.json, MODEL_CARD.md, data.json, the labels, the
    checkpoint and what `journal` describes.

    Parameters
    ----------
    small
        The frozen student of stage 2: the training is hybrid, as with `features.from` in the recipe.
    init
        An exported student to start from.
    teacher, labels
        Who labels the corpora where no folders of labels are given: see `labelling.labelled_sets`.
    cache
        Where labels and laid-out corpora are kept (2.3 MB a minute for 51 controls); `output`/labels unless given.

    Raises
    ------
    BadInput
        A corpus, the recipe, a student or the run folder cannot be used, or another process uses that; nothing is
        trained.
    """
    chosen = recipes.changed(recipes.load(recipe), "train", steps=steps, seed=seed)
    if small:
        chosen = chosen.model_copy(update={"features": chosen.features or FeatureConfig()})
        chosen = recipes.changed(chosen, "features", source=str(small))
    opened = [Corpus.open(path) for path in corpora]
    check_splits(opened)
    with locked(output):
        _distill(opened, chosen, output, init, teacher, labels, cache or output / "labels")


def _distill(
    opened: list[Corpus],
    chosen: recipes.Recipe,
    output: Path,
    init: Path | None,
    teacher: str,
    labels: Sequence[Path],
    cache: Path,
) -> None:
    student = chosen.student
    runtime.configure(chosen.train)  # before a teacher that computes with the same backend is opened
    sets = labelled_sets(opened, student.controls, student.hop, cache, teacher, labels)
    run = Run(output, chosen, sets, init)
    stores = [LabelStore.open(folder) for folder in labels or [cache / STORE]]
    write_text(output / DATA, json.dumps(_data(opened, sets, stores), indent=1))
    _train(run)
    calibration = run.calibration()
    export(run.float32(), chosen.student, output / STUDENT, calibration)
    results = _score_all(run, sets, calibration)
    report = {name: asdict(result) for name, result in results.items()}
    write_text(output / EVALUATION, json.dumps(report, indent=1))
    teachers = [store.card.spec for store in stores]
    text = card.render(chosen, opened, sets, teachers, run.history, results, run.seconds, init)
    write_text(output / "MODEL_CARD.md", text)
    note(f"student: {output / STUDENT}")


def distill_seeds(
    seeds: list[int],
    corpora: list[Path],
    recipe: str | Path,
    output: Path,
    cache: Path | None = None,
    **options: Any,
) -> None:
    """`distill` once a seed, in `output`/seed-N, then each measure's mean and spread over them: seeds.json.

    Parameters
    ----------
    cache
        As for `distill`; all seeds share it.
    options
        For `distill`.
    """
    folders = [output / f"seed-{seed}" for seed in seeds]
    for seed, folder in zip(seeds, folders, strict=True):
        note(f"seed {seed}")
        distill(corpora, recipe, folder, seed=seed, cache=cache or output / "labels", **options)
    reports = [json.loads((folder / EVALUATION).read_text("utf-8")) for folder in folders]
    write_text(output / "seeds.json", json.dumps({"seeds": seeds, "measures": spread(reports)}, indent=1))


def spread(reports: list[dict]) -> dict:
    """Mean, least and greatest of every number that all of some equally nested records have."""
    result: dict[str, dict] = {}
    for name in reports[0]:
        values: list[Any] = [report.get(name) for report in reports]
        if all(isinstance(value, dict) for value in values):
            result[name] = spread(values)
        elif all(isinstance(value, int | float) for value in values):
            result[name] = {"mean": float(np.mean(values)), "least": min(values), "greatest": max(values)}
    return result


def _data(corpora: list[Corpus], sets: list[Path], stores: list[LabelStore]) -> dict:
    """What a run learnt from, by content."""
    return {
        "corpora": [
            {
                "folder": str(corpus.root),
                "clips": len(corpus),
                "manifest_sha256": hashlib.sha256((corpus.root / MANIFEST).read_bytes()).hexdigest(),
                "labelled_set": path.name,
            }
            for corpus, path in zip(corpora, sets, strict=True)
        ],
        "labels": [
            {
                "folder": str(store.folder),
                "teacher": store.card.spec,
                "teacher_fingerprint": store.card.fingerprint,
                "sha256": store.identity,
            }
            for store in stores
        ],
    }


def _train(run: Run) -> None:
    with progress() as bar:
        task = bar.add_task("training", total=run.recipe.train.steps, completed=run.step)

        def show(step: int, steps: int, losses: dict[str, float], latest: dict | None) -> None:
            text = "training, " + ", ".join(
                f"{name.removeprefix(PREFIX)} {value:.3f}" for name, value in losses.items()
            )
            if latest:
                text += (
                    f", valid mse {latest['mse']:.4f}, r {latest['correlation']:.3f}"
                    f", closure F1 {latest.get('closure_f1', float('nan')):.3f}"
                )
            bar.update(task, completed=step, description=text)

        run.train(show)


def _score_all(run: Run, sets: list[Path], calibration: Calibration) -> dict[str, Score]:
    """Each source's held-out clips, as the stream gives them: smoothed where the student is."""
    student, model = run.recipe.student, run.float32()

    def stream(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        curves = animate(model, student, pcm, calibration)
        return smooth(curves) if student.smoothing else curves

    return score_held_out(stream, sets)
