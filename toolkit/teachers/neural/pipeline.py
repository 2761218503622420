"""`facelite teach`: label the corpora with the oracle, train the neural teacher, score it, write its model card."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from ...atomic import write_text
from ...cli.common import note, progress
from ...distill.labelling import check_splits, labelled_sets
from ...distill.scoring import Score, score_held_out
from ...locks import locked
from ...speech.corpus import Corpus
from . import card
from . import recipe as recipes
from .features import HOP, SAMPLE_RATE
from .senones import model_files
from .teacher import NeuralTeacher
from .train import TeacherRun

EVALUATION = "evaluation.json"


def teach(
    corpora: list[Path],
    recipe: Path | None,
    output: Path,
    steps: int | None = None,
    seed: int | None = None,
    init: Path | None = None,
) -> None:
    """Train the neural teacher on `corpora` and leave it in `output`; a run that is there already goes on.

    Leaves teacher.npz, teacher.json, evaluation.json, MODEL_CARD.md, history.json, run.json, the labels and the
    checkpoint. Training starts from the teacher in `init`, if one is given.

    Raises
    ------
    BadInput
        A corpus, the recipe or the run folder cannot be used, or another process uses that; nothing is trained.
    MissingDependency
        The network is to hear senones, and pocketsphinx is not installed.
    """
    chosen = recipes.load(recipe)
    given = {name: value for name, value in (("steps", steps), ("seed", seed)) if value is not None}
    chosen = chosen.model_copy(update={"train": chosen.train.model_copy(update=given)})
    if chosen.network.senones:
        model_files.installed()
    opened = [Corpus.open(path) for path in corpora]
    check_splits(opened)
    with locked(output):
        _teach(opened, chosen, output, init)


def _teach(opened: list[Corpus], chosen: recipes.TeacherRecipe, output: Path, init: Path | None) -> None:
    sets = labelled_sets(opened, chosen.network.controls, HOP, output / "labels")
    run = TeacherRun(output, chosen, sets, init)
    _train(run)
    teacher = run.teacher(run.calibrate())
    teacher.save(output)
    results = score_all(teacher, sets)
    report = {name: asdict(result) for name, result in results.items()}
    write_text(output / EVALUATION, json.dumps(report, indent=1))
    write_text(output / "MODEL_CARD.md", card.render(chosen, opened, run.history, results, run.seconds, init))
    note(f"teacher: {output}; label with --teacher neural:{output}")


def score_all(teacher: NeuralTeacher, sets: list[Path]) -> dict[str, Score]:
    """The teacher against the oracle and the phone labels, on each source's speakers that it was not trained on."""
    return score_held_out(lambda pcm: teacher.animate(pcm, SAMPLE_RATE).values, sets)


def _train(run: TeacherRun) -> None:
    with progress() as bar:
        task = bar.add_task("training", total=run.recipe.train.steps, completed=run.step)

        def show(step: int, loss: float, latest: dict | None) -> None:
            text = f"training, loss {loss:.3f}"
            if latest:
                text += (
                    f", valid r {latest['correlation']:.3f}, closure F1 {latest.get('closure_f1', float('nan')):.3f}"
                )
            bar.update(task, completed=step, description=text)

        run.train(show)
