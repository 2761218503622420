"""Training: a student learns a teacher's labels and, in stage 2, a frozen student's features as well.

Step ``s`` always trains on the same batch, whatever happened before it, so a run that was killed goes on from its
last checkpoint as if nothing had been: on as many CPU threads, to the same weights bit for bit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..atomic import sweep, write_text
from ..errors import BadInput
from ..reference import smooth
from . import checkpoint, crops, folded, hybrid, journal, mixer, runtime, students, warm
from .ahead import ahead
from .calibrate import Calibration, fit
from .export import BEST, export
from .exported import STUDENT
from .folded import Folded
from .inference import linear
from .labelled import Entry, LabelledSet, spread, validation_sample
from .losses import label_loss
from .optimiser import adamw
from .recipe import Recipe
from .scoring import Answer, score_answers

HISTORY, IDENTITY = journal.HISTORY, journal.IDENTITY

_WARM_BATCHES = 2

Progress = Callable[[int, int, dict[str, float], dict | None], object]
"""``progress(step, steps, losses, latest)``: running means of the losses, and the last evaluation or None."""


class Run:
    """One training run in a folder; a run that is there already goes on.

    Parameters
    ----------
    folder
        Holds checkpoint, history, and the student as it was last evaluated.
    recipe
        What to train; with `features`, its `from` names the frozen student.
    sets
        Folders of labelled sets (see `labelling.labelled_sets`). The first one's validation speakers are validated on.
    init
        An exported student to start from instead of random weights.

    Raises
    ------
    BadInput
        The folder holds a run of another recipe or of other data, or the sets do not fit the student's controls or
        hold nothing to train or validate on, or a student to start or learn from does not fit.
    """

    step: int
    history: list[dict]
    losses: dict[str, float]
    seconds: float

    def __init__(self, folder: str | Path, recipe: Recipe, sets: list[Path], init: Path | None = None) -> None:
        runtime.configure(recipe.train)
        self.folder, self.recipe, self._sets = Path(folder), recipe, sets
        self._labelled = [LabelledSet.open(path) for path in sets]
        self._check_labels()
        mixer.check(sets, self._labelled, recipe.source_weights)
        self.validation()  # raises now rather than at the first evaluation
        frozen, given = self._frozen(), folded.read(init) if init else None
        self.folder.mkdir(parents=True, exist_ok=True)
        others = {"features": frozen, "init": given}
        digests = {name: student.digest for name, student in others.items() if student}
        journal.identify(self.folder, recipe, [path.name for path in sets], digests)
        self.model = students.trainer(recipe.student, recipe.train.seed, recipe.train.precision)
        self._graph = self.model
        self._copy: keras.Model | None = None
        if frozen and recipe.features:
            self._graph = hybrid.graph(self.model, recipe.student, frozen, recipe.features, recipe.train)
        self._compile()
        self._resume(given)

    def train(self, progress: Progress | None = None) -> None:
        """Train to the last step, evaluating every `evaluate_every` and saving every `checkpoint_every` steps."""
        train = self.recipe.train
        if self.step < train.steps:
            journal.begin(self.folder, self.recipe, self.step)
        logs, started = journal.Logs(self.folder, self.step), time.monotonic()
        batches = ahead(crops.worker_batch, self.step, train.steps, *self._arguments(), workers=train.workers)
        for batch in batches:
            self._take(self._step(batch))
            evaluated = self.step % train.evaluate_every == 0 or self.step == train.steps
            if evaluated:
                self._evaluate()
                logs.add(self.step, self.history[-1])
            if evaluated or self.step % train.checkpoint_every == 0:
                now = time.monotonic()
                self.seconds, started = self.seconds + now - started, now
                self._save()
                logs.add(self.step, self.losses)
            if progress:
                progress(self.step, train.steps, self.losses, self.history[-1] if self.history else None)
        logs.close()

    def calibration(self) -> Calibration:
        """The output calibration of the student as it stands, from the clips that it is validated on."""
        return self._calibration(self._answers(*self.validation()))

    def float32(self) -> keras.Model:
        """The student as it stands, to be asked in float32 whatever it trains in."""
        if self.recipe.train.precision == "float32":
            return self.model
        if self._copy is None:
            self._copy = students.trainer(self.recipe.student)
        self._copy.set_weights(self.model.get_weights())
        return self._copy

    def validation(self) -> tuple[LabelledSet, list[Entry]]:
        """The first set and its `validation_sample`."""
        labelled = self._labelled[0]
        return labelled, validation_sample(labelled, self._sets[0])

    def _step(self, batch: crops.Batch) -> dict[str, float]:
        """The losses of one step, not weighted."""
        count = len(batch.curves)
        targets: dict[str, NDArray] = {"curves": batch.curves, "mel": batch.mel}
        weights = {"curves": np.ones(count, np.float32)}
        weights["mel"] = np.full(batch.mel.shape[:2], batch.mel_weight, np.float32)
        shares = {"curves": 1.0, "mel": batch.mel_weight}
        for name in self._compared:
            shares[name] = self._feature_weight()
            targets[name], weights[name] = np.zeros((count, 1), np.float32), np.full(count, shares[name], np.float32)
        self._graph.reset_metrics()
        result = self._graph.train_on_batch(batch.audio, targets, sample_weight=weights, return_dict=True)
        return {name: float(result[f"{name}_loss"]) / share for name, share in shares.items() if share > 0}

    def _take(self, losses: dict[str, float]) -> None:
        if not all(np.isfinite(value) for value in losses.values()):
            raise BadInput(self.folder, f"losses are {losses} at step {self.step}", "lower train.learning_rate")
        self.losses = {name: 0.98 * self.losses.get(name, now) + 0.02 * now for name, now in losses.items()}
        self.step += 1

    def _feature_weight(self) -> float:
        features, share = self.recipe.features, 1.0
        if features is None:
            return 0.0
        if features.fade:
            share = max(0.0, 1.0 - self.step / (features.fade * self.recipe.train.steps))
        return features.weight * share / len(self._compared)

    def _evaluate(self) -> None:
        """Score the student as it stands on a fixed sample of the validation speakers' clips, and export it."""
        labelled, entries = self.validation()
        heard = self._answers(labelled, entries)
        answers = [
            Answer(np.maximum(curves, 0.0), labelled.clip_curves(e), e.closures, (), e.speech, e.speaker)
            for curves, e in zip(heard, entries, strict=True)
        ]
        result = score_answers(answers, labelled.controls, 16000 / labelled.hop)
        losses = {f"train_{name}": value for name, value in self.losses.items()}
        self.history.append({"step": self.step, "train_loss": self.losses["curves"]} | losses | result.flat())
        model, calibration = self.float32(), self._calibration(heard)
        export(model, self.recipe.student, self.folder / STUDENT, calibration)
        if result.mse <= min(record["mse"] for record in self.history):
            export(model, self.recipe.student, self.folder / BEST, calibration)

    def _answers(self, labelled: LabelledSet, entries: list[Entry]) -> list[NDArray[np.float32]]:
        model, student = self.float32(), self.recipe.student
        return [linear(model, student, labelled.clip_audio(entry))[: entry.frames] for entry in entries]

    def _calibration(self, heard: list[NDArray[np.float32]]) -> Calibration:
        labelled, entries = self.validation()
        answers = np.concatenate([smooth(curves) if self.recipe.student.smoothing else curves for curves in heard])
        targets = np.concatenate([labelled.clip_curves(entry) for entry in entries])
        return fit(answers, targets, self.recipe.train.calibration)

    def _compile(self) -> None:
        train, student = self.recipe.train, self.recipe.student
        optimiser = adamw(train.learning_rate, train.warmup, train.steps, train.weight_decay)
        moves = spread(self._labelled)
        losses: dict[str, Any] = {
            "curves": label_loss(student.controls, moves, train.velocity_weight, train.contact_weight),
            "mel": "mse",
        }
        self._compared = [name for name in self._graph.output_names if name.startswith(hybrid.PREFIX)]
        self._graph.compile(optimiser, losses | dict.fromkeys(self._compared, _value))
        self._graph.optimizer.build(self._graph.trainable_variables)

    def _resume(self, given: Folded | None) -> None:
        for name in (STUDENT, BEST):
            sweep(self.folder / name)
        found = checkpoint.resume(self.folder, self._graph)
        self.step, self.history = found.step, found.history
        self.losses = found.state.get("losses", {})
        self.seconds = found.state.get("seconds", 0.0)
        if given and not self.step:
            batches = [crops.worker_batch(step, *self._arguments()).audio for step in range(_WARM_BATCHES)]
            samples = (self.recipe.train.crop_frames - 1) * self.recipe.student.hop + self.recipe.student.window
            warm.start(self.model, self.recipe.student, given, np.concatenate(batches)[:, :samples])

    def _save(self) -> None:
        state = {"losses": self.losses, "seconds": self.seconds}
        checkpoint.save(self.folder, self._graph, self.step, self.history, state)
        write_text(self.folder / HISTORY, json.dumps(self.history, indent=1))

    def _arguments(self) -> tuple[list[str], Recipe]:
        return [str(path) for path in self._sets], self.recipe

    def _frozen(self) -> Folded | None:
        """Stage 2's frozen student."""
        features, student = self.recipe.features, self.recipe.student
        if features is None:
            return None
        if features.source is None:
            raise BadInput(f"recipe {student.name}", "features.from: names no student", "name one, or give --small RUN")
        frozen = folded.read(features.source)
        if frozen.config.sample_rate != student.sample_rate:
            raise BadInput(frozen.source, f"sample_rate is {frozen.config.sample_rate}, not {student.sample_rate}")
        if frozen.config.companding != student.companding:
            raise BadInput(
                frozen.source,
                f"hears {frozen.config.companding}, not {student.companding}",
                "give one of the same companding",
            )
        if frozen.config.controls != student.controls:
            raise BadInput(frozen.source, "has other controls than student.controls", "distil a small one for them")
        return frozen

    def _check_labels(self) -> None:
        for folder, labelled in zip(self._sets, self._labelled, strict=True):
            student = self.recipe.student
            if labelled.hop != student.hop:
                raise BadInput(
                    folder, f"has a label each {labelled.hop} samples, the student answers each {student.hop}"
                )
            if labelled.controls != student.controls:
                raise BadInput(
                    folder, "was labelled for other controls than student.controls", "label the corpus again"
                )


def _value(target: Any, answer: Any) -> Any:
    """The loss of an output that is a loss already."""
    return answer[:, 0]
