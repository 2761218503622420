"""A training run's state in one file: weights, optimiser, step and history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..atomic import replacing

NAME = "checkpoint.npz"


def save(folder: Path, model: keras.Model, step: int, history: list[dict]) -> None:
    """Write the state of a compiled `model` after `step` steps; whole or not at all."""
    arrays: dict[str, Any] = {"step": step, "history": json.dumps(history)}
    arrays |= {f"w{i}": np.asarray(v) for i, v in enumerate(model.variables)}
    arrays |= {f"o{i}": np.asarray(v) for i, v in enumerate(model.optimizer.variables)}
    with replacing(folder / NAME) as path:
        np.savez(path, **arrays)


def restore(folder: Path, model: keras.Model) -> tuple[int, list[dict]]:
    """Load the state that `save` wrote into a compiled `model` whose optimiser is built.

    Returns
    -------
    The step and the history; 0 and none where the folder holds no checkpoint.
    """
    path = folder / NAME
    if not path.exists():
        return 0, []
    with np.load(path) as saved:
        for index, variable in enumerate(model.variables):
            variable.assign(saved[f"w{index}"])
        for index, variable in enumerate(model.optimizer.variables):
            variable.assign(saved[f"o{index}"])
        return int(saved["step"]), json.loads(str(saved["history"]))
