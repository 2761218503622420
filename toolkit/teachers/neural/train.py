"""Training of the neural teacher on another teacher's labels; checkpointed and resumable."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from ...atomic import write_text
from ...distill import checkpoint, journal, mixer
from ...distill.ahead import ahead
from ...distill.calibrate import Calibration, fit
from ...distill.labelled import Entry, LabelledSet, spread, validation_sample
from ...distill.losses import label_loss
from ...distill.optimiser import adamw
from ...distill.scoring import score
from ...errors import BadInput
from .batches import worker_batch
from .model import build, ears
from .recipe import TeacherRecipe
from .teacher import NeuralTeacher

HISTORY = journal.HISTORY


class TeacherRun:
    """One training run in a folder; a run that is there already goes on.

    Parameters
    ----------
    folder
        Holds checkpoint and history.
    sets
        Folders of labelled sets; the first is validated on.
    init
        A folder that holds a trained teacher, whose weights the training starts from.

    Raises
    ------
    BadInput
        The folder holds a run of another recipe, other labels or another start, the sets have other controls or
        hold nothing to train or validate on, or `init` is a teacher of another shape.
    """

    def __init__(self, folder: Path, recipe: TeacherRecipe, sets: list[Path], init: Path | None = None) -> None:
        self.folder, self.recipe, self._sets = folder, recipe, sets
        given = _start(init, recipe)
        self._labelled = [LabelledSet.open(path) for path in sets]
        mixer.check(sets, self._labelled, recipe.source_weights)
        self._validation()  # raises now rather than at the first evaluation
        folder.mkdir(parents=True, exist_ok=True)
        self._check_identity(given)
        keras.utils.set_random_seed(recipe.train.seed)
        self._network = build(recipe.network, recipe.train.precision)
        if given:
            _hand_down(given.network, self._network)
        self.model = ears(self._network, *recipe.ears)
        self._compile()
        found = checkpoint.resume(folder, self.model)
        self.step, self.history = found.step, found.history
        self.seconds: float = found.state.get("seconds", 0.0)
        self._loss: float = found.state.get("loss", 0.0)

    def train(self, progress: Callable[[int, float, dict | None], object]) -> None:
        """Train to the last step, evaluating and saving every `evaluate_every` steps.

        Parameters
        ----------
        progress
            Called as ``progress(step, loss, latest)`` after each step; `latest` is the last evaluation or None.
        """
        train, started = self.recipe.train, time.monotonic()
        arguments = ([str(path) for path in self._sets], self.recipe.model_dump_json())
        for batch in ahead(worker_batch, self.step, train.steps, *arguments, workers=train.workers):
            losses = self.model.train_on_batch(batch.heard, [batch.curves] * len(self.recipe.ears))
            loss = float(np.ravel(losses)[0])
            if not np.isfinite(loss):
                raise BadInput(self.folder, f"loss is {loss} at step {self.step}", "lower train.learning_rate")
            self.model.reset_metrics()
            self._loss = 0.98 * self._loss + 0.02 * loss if self._loss else loss
            self.step += 1
            if self.step % train.evaluate_every == 0 or self.step == train.steps:
                self.history.append({"step": self.step, "train_loss": self._loss} | self.evaluate())
                now = time.monotonic()
                self.seconds, started = self.seconds + now - started, now
                state = {"seconds": self.seconds, "loss": self._loss}
                checkpoint.save(self.folder, self.model, self.step, self.history, state)
                write_text(self.folder / HISTORY, json.dumps(self.history, indent=1))
            progress(self.step, self._loss, self.history[-1] if self.history else None)

    def teacher(self, calibration: Calibration | None = None) -> NeuralTeacher:
        """The teacher as it stands, in float32 whatever it trains in."""
        copy = build(self.recipe.network)
        copy.set_weights(self._network.get_weights())
        return NeuralTeacher(copy, self.recipe.network, calibration)

    def evaluate(self, calibration: Calibration | None = None) -> dict:
        """Score the teacher as it stands on a fixed sample of the validation speakers' clips."""
        labelled, entries = self._validation()
        return score(self._animate(self.teacher(calibration)), labelled, entries).flat()

    def calibrate(self) -> Calibration:
        """The output calibration, from the clips that the teacher is validated on."""
        labelled, entries = self._validation()
        teacher = self.teacher()
        answers = np.concatenate([teacher.linear(labelled.clip_audio(entry)) for entry in entries])
        targets = np.concatenate([labelled.clip_curves(entry) for entry in entries])
        return fit(answers, targets, self.recipe.train.calibration)

    @staticmethod
    def _animate(teacher: NeuralTeacher) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
        return lambda pcm: teacher.animate(pcm, 16000).values

    def _validation(self) -> tuple[LabelledSet, list[Entry]]:
        labelled = self._labelled[0]
        return labelled, validation_sample(labelled, self._sets[0])

    def _compile(self) -> None:
        train, network = self.recipe.train, self.recipe.network
        optimiser = adamw(train.learning_rate, train.warmup, train.steps, train.weight_decay)
        moves = spread(self._labelled)
        loss = label_loss(network.controls, moves, train.velocity_weight, train.contact_weight)
        self.model.compile(optimiser, [loss] * len(self.recipe.ears))
        self.model.optimizer.build(self.model.trainable_variables)

    def _check_identity(self, init: NeuralTeacher | None) -> None:
        """A run is its recipe, its data and its start; what goes on under another name would be none of them."""
        starts = {"init": init.fingerprint()} if init else {}
        journal.identify(self.folder, self.recipe, [path.name for path in self._sets], starts)
        for folder, labelled in zip(self._sets, self._labelled, strict=True):
            if labelled.controls != self.recipe.network.controls:
                raise BadInput(folder, "was labelled for other controls", "label the corpus again")


def _hand_down(start: keras.Model, network: keras.Model) -> None:
    """Give `network` the weights of `start`, layer by layer; an ear that it lacks stays as it is."""
    known = {layer.name: layer for layer in start.layers}
    for layer in network.layers:
        if layer.name in known:
            layer.set_weights(known[layer.name].get_weights())


def _start(folder: Path | None, recipe: TeacherRecipe) -> NeuralTeacher | None:
    """The teacher that training starts from; it may lack an ear, and must have those that do not learn."""
    teacher = NeuralTeacher.open(folder) if folder else None
    untaught = [ear for ear in recipe.network.ears if ear not in recipe.ears]
    if deaf := [ear for ear in untaught if not teacher or ear not in teacher.config.ears]:
        mend = "add it to train.ears, or start from a teacher that has it: --init"
        raise BadInput("recipe", f"the network's ear {deaf[0]} would never learn", mend)
    if teacher and teacher.config.with_ears_of(recipe.network) != recipe.network:
        mend = "make the recipe say the same"
        raise BadInput(str(folder), "is a teacher of another shape than the recipe's [network]", mend)
    return teacher
