"""Stage 1 of the distillation: a student learns a teacher's labels; checkpointed, resumable to the bit.

Step ``s`` always trains on the same batch, whatever happened before it, so a run that was killed goes on from its
last checkpoint as if nothing had been.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..atomic import replacing, write_text
from ..errors import BadInput
from . import crops, students
from .inference import animate
from .labelled import Entry, LabelledSet
from .losses import label_loss
from .recipe import Recipe
from .scoring import Score, score

CHECKPOINT = "checkpoint.npz"
HISTORY = "history.json"
IDENTITY = "run.json"

_AHEAD = 6


class Run:
    """One training run in a folder.

    Parameters
    ----------
    folder
        Holds checkpoint and history; a run that is there already goes on.
    recipe
        What to train.
    sets
        Folders of labelled sets (see `labelled.label`).

    Raises
    ------
    BadInput
        The folder holds a run of another recipe or of other data, or the sets do not fit the student's controls.
    """

    def __init__(self, folder: str | Path, recipe: Recipe, sets: list[Path]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.recipe = recipe
        self._sets = sets
        self._labelled = [LabelledSet.open(path) for path in sets]
        self._check_identity()
        keras.utils.set_random_seed(recipe.train.seed)
        self.model = students.trainer(recipe.student, recipe.train.seed)
        self._compile()
        self.step = 0
        self.history: list[dict] = []
        self._restore()

    def train(self, progress: Callable[[int, int, float, dict | None], object] | None = None) -> None:
        """Train to the last step, evaluating and saving every `evaluate_every` steps.

        Parameters
        ----------
        progress
            Called as ``progress(step, steps, loss, latest)`` after each step; `latest` is the last evaluation, a
            dict as `history` holds, or None.
        """
        steps, every = self.recipe.train.steps, self.recipe.train.evaluate_every
        running = 0.0
        for batch in self._batches():
            loss = self._step(batch)
            if not np.isfinite(loss):
                raise BadInput(self.folder, f"loss is {loss} at step {self.step}", "lower train.learning_rate")
            running = loss if running == 0.0 else 0.98 * running + 0.02 * loss
            self.step += 1
            if self.step % every == 0 or self.step == steps:
                self.history.append({"step": self.step, "train_loss": running} | _flat(self.evaluate()))
                self._save()
            if progress:
                progress(self.step, steps, running, self.history[-1] if self.history else None)

    def evaluate(self) -> Score:
        """Score the student as it stands on a fixed sample of the validation speakers' clips."""
        labelled, entries = self.validation()
        return score(lambda pcm: animate(self.model, self.recipe.student, pcm), labelled, entries)

    def _step(self, batch: crops.Batch) -> float:
        targets = {"curves": batch.curves, "mel": batch.mel}
        weights = {
            "curves": np.ones(len(batch.curves), np.float32),
            "mel": np.full(batch.mel.shape[:2], batch.mel_weight, np.float32),
        }
        self.model.reset_metrics()
        result = self.model.train_on_batch(batch.audio, targets, sample_weight=weights, return_dict=True)
        return float(result["curves_loss"])

    def _batches(self) -> Iterator[crops.Batch]:
        """Batches from `self.step` on, made ahead by one worker process."""
        arguments = ([str(path) for path in self._sets], self.recipe)
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            waiting: list[Future] = []
            for step in range(self.step, self.recipe.train.steps + _AHEAD):
                if step < self.recipe.train.steps:
                    waiting.append(pool.submit(crops.worker_batch, step, *arguments))
                if len(waiting) > _AHEAD or (step >= self.recipe.train.steps and waiting):
                    yield waiting.pop(0).result()

    def _compile(self) -> None:
        train, student = self.recipe.train, self.recipe.student
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0,
            max(train.steps - train.warmup, 1),
            alpha=0.01,
            warmup_target=train.learning_rate,
            warmup_steps=train.warmup,
        )
        optimiser = keras.optimizers.AdamW(schedule, weight_decay=train.weight_decay, clipnorm=1.0)
        spread = np.sqrt(np.mean([_variance(labelled, student.controls) for labelled in self._labelled], axis=0))
        loss = label_loss(student.controls, spread, train.velocity_weight, train.closure_weight)
        self.model.compile(optimiser, {"curves": loss, "mel": "mse"})
        self.model.optimizer.build(self.model.trainable_variables)

    def validation(self) -> tuple[LabelledSet, list[Entry]]:
        """Up to 150 validation clips of the first set, drawn once for all runs."""
        labelled = self._labelled[0]
        entries = [e for e in labelled.entries if e.split == "valid" and e.labelled and e.frames > 40]
        if not entries:
            raise BadInput(self._sets[0], "has no clip of a validation speaker", "label a larger corpus")
        chosen = np.random.default_rng(0).permutation(len(entries))[:150]
        return labelled, [entries[index] for index in sorted(chosen)]

    def _check_identity(self) -> None:
        """A run is its recipe and its data; what goes on under another name would be neither."""
        names = [path.name for path in self._sets]
        text = json.dumps({"recipe": self.recipe.model_dump(mode="json"), "labels": names}, indent=1)
        path = self.folder / IDENTITY
        if path.exists() and path.read_text("utf-8") != text:
            raise BadInput(self.folder, "holds a run of another recipe or other corpora", "choose another folder, -o")
        write_text(path, text)
        for folder, labelled in zip(self._sets, self._labelled, strict=True):
            if labelled.controls != self.recipe.student.controls or labelled.hop != self.recipe.student.hop:
                raise BadInput(folder, "was labelled for other controls or another hop", "label the corpus again")

    def _save(self) -> None:
        arrays: dict[str, Any] = {"step": self.step, "history": json.dumps(self.history)}
        arrays |= {f"w{i}": np.asarray(v) for i, v in enumerate(self.model.variables)}
        arrays |= {f"o{i}": np.asarray(v) for i, v in enumerate(self.model.optimizer.variables)}
        with replacing(self.folder / CHECKPOINT) as path:
            np.savez(path, **arrays)
        write_text(self.folder / HISTORY, json.dumps(self.history, indent=1))

    def _restore(self) -> None:
        path = self.folder / CHECKPOINT
        if not path.exists():
            return
        with np.load(path) as saved:
            for index, variable in enumerate(self.model.variables):
                variable.assign(saved[f"w{index}"])
            for index, variable in enumerate(self.model.optimizer.variables):
                variable.assign(saved[f"o{index}"])
            self.step = int(saved["step"])
            self.history = json.loads(str(saved["history"]))


def _variance(labelled: LabelledSet, controls: tuple[str, ...]) -> np.ndarray:
    sample = labelled.curves[:: max(len(labelled.curves) // 200_000, 1)].astype(np.float32)
    return sample.var(0)


def _flat(result: Score) -> dict:
    record = {name: value for name, value in asdict(result).items() if isinstance(value, int | float)}
    closure = asdict(result.closure) if result.closure else {}
    return record | {f"closure_{key}": value for key, value in closure.items()}
