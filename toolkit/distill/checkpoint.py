"""A training run's state in one file: weights, optimiser, step and history."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..atomic import replacing, sweep
from ..errors import BadInput

NAME = "checkpoint.npz"


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    history
        One record an evaluation.
    state
        Whatever else the run must know to go on; JSON.
    """

    step: int = 0
    history: list[dict] = field(default_factory=list)
    state: dict = field(default_factory=dict)


def save(folder: Path, model: keras.Model, step: int, history: list[dict], state: dict | None = None) -> None:
    """Write the state of a compiled `model` after `step` steps; whole or not at all.

    Layers that do not train as a whole (`trainable` is False) are left out.
    """
    arrays: dict[str, Any] = {"step": step, "history": json.dumps(history), "state": json.dumps(state or {})}
    arrays |= {f"w{i}": np.asarray(v) for i, v in enumerate(_variables(model))}
    arrays |= {f"o{i}": np.asarray(v) for i, v in enumerate(model.optimizer.variables)}
    with replacing(folder / NAME) as path:
        np.savez(path, **arrays)


def resume(folder: Path, model: keras.Model) -> Progress:
    """Load the state that `save` wrote into a compiled `model` whose optimiser is built.

    What a killed run left of an unfinished checkpoint is removed. Without a checkpoint the run starts at step 0.

    Raises
    ------
    BadInput
        The checkpoint is damaged.
    """
    path = folder / NAME
    sweep(path)
    if not path.exists():
        return Progress()
    try:
        with np.load(path) as saved:
            for index, variable in enumerate(_variables(model)):
                variable.assign(saved[f"w{index}"])
            for index, variable in enumerate(model.optimizer.variables):
                variable.assign(saved[f"o{index}"])
            state = json.loads(str(saved["state"])) if "state" in saved else {}
            return Progress(int(saved["step"]), json.loads(str(saved["history"])), state)
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise BadInput(path, f"is no checkpoint of this run ({error})", "remove it to start again") from None


def _variables(model: keras.Model) -> list:
    frozen = {id(v) for layer in model.layers if not layer.trainable for v in layer.variables}
    return [v for v in model.variables if id(v) not in frozen]
