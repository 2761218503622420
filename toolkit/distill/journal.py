"""What a run folder says about its run: what it is, what it ran on, how it went.

run.json is the run's identity: recipe, labels, and the students that it starts or learns from, by their SHA-256.
sessions.json has one record for each time that the run was started, with versions and machine. history.json has one
record an evaluation; logs/ has the same for TensorBoard, with the loss in between.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
from pydantic import BaseModel

from ..atomic import write_text
from ..errors import BadInput
from ..machine import cpu_name
from .recipe import Recipe

IDENTITY, SESSIONS, HISTORY, LOGS = "run.json", "sessions.json", "history.json", "logs"

_PACKAGES = ("facelite", "keras", "tensorflow", "tensorflow-cpu", "torch", "jax", "numpy", "soxr")
_IDLE_FIELDS = {"train": {"checkpoint_every", "workers"}}
"""What changes nothing in the outcome, so that a run may go on with another value."""


def identify(folder: Path, recipe: BaseModel, labels: list[str], students: Mapping[str, str]) -> None:
    """Write run.json, or check that it is of the same run.

    Parameters
    ----------
    recipe
        What `_IDLE_FIELDS` of it say may change.
    labels
        What tells the labelled sets from any others.
    students
        "init" and "features": SHA-256 of the weights that the run depends on.

    Raises
    ------
    BadInput
        It is of another run, and what differs is named, or damaged.
    """
    identity = {
        "recipe": recipe.model_dump(mode="json", exclude=_IDLE_FIELDS),
        "labels": labels,
        "students": dict(students),
    }
    path = folder / IDENTITY
    if path.exists():
        differs = _difference(_compared(_read(path)), _compared(identity))
        if differs:
            raise BadInput(
                folder, f"holds a run of another recipe, other labels or another start: {differs}", "choose another -o"
            )
    else:
        write_text(path, json.dumps(identity, indent=1))


def begin(folder: Path, recipe: Recipe, step: int) -> None:
    """Add this start of the run to sessions.json."""
    path = folder / SESSIONS
    sessions = _read(path) if path.exists() else []
    sessions.append(
        {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "step": step,
            "packages": _versions(),
            "python": sys.version.split()[0],
            "commit": _commit(),
            "backend": keras.backend.backend(),
            "processor": cpu_name(),
            "cores": os.cpu_count(),
            "threads": recipe.train.threads or "all",
        }
    )
    write_text(path, json.dumps(sessions, indent=1))


class Logs:
    """Scalars for TensorBoard, where tensorboardX is installed; else nothing.

    Parameters
    ----------
    step
        Where the run goes on: what a killed run had written beyond is hidden.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._writer: Any = None
        if find_spec("tensorboardX"):
            from tensorboardX import SummaryWriter

            self._writer = SummaryWriter(str(folder / LOGS), purge_step=step or None)

    def add(self, step: int, values: Mapping[str, Any]) -> None:
        """Every number in `values`."""
        if self._writer:
            for name, value in values.items():
                if isinstance(value, int | float) and name != "step":
                    self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is waiting."""
        if self._writer:
            self._writer.close()


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise BadInput(path, f"cannot be read ({error})", "choose another -o, or bring the file back") from None


def _compared(identity: dict[str, Any]) -> dict[str, Any]:
    """Without the frozen student's path: its SHA-256 says which one it is, wherever it lies."""
    recipe = identity["recipe"]
    features = {name: value for name, value in (recipe.get("features") or {}).items() if name != "from"}
    return identity | {"recipe": recipe | {"features": features}}


def _difference(there: Any, here: Any, name: str = "") -> str:
    """The first field in which two records differ."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in [*here, *(key for key in there if key not in here)]:
            found = _difference(there.get(key), here.get(key), f"{name}.{key}" if name else str(key))
            if found:
                return found
        return ""
    return "" if there == here else f"{name} was {_short(there)}, is {_short(here)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _commit() -> str | None:
    """The commit of the source tree that runs, "+" if it has changes; None for an installed wheel."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=40", "--dirty=+"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() or None
