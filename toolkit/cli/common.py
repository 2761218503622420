"""What verbs share: the `--json` option, JSON output, and progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
"""Annotation of a verb's `as_json: AsJson = False` parameter."""


MAX_SEED = 2**32 - 1
"""Largest seed that Keras takes."""

Seed = Annotated[int | None, typer.Option(min=0, max=MAX_SEED, help="Train with this seed instead.")]
"""Annotation of a training verb's `seed: Seed = None` parameter."""


def console() -> Console:
    """Rich console on stdout for tables; plain text when piped."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def note(text: str) -> None:
    """One line of progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def progress() -> Progress:
    """A progress bar on stderr: `with progress() as bar: task = bar.add_task("…", total=n); bar.advance(task)`.

    Without a terminal only the last state of each task is printed.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def print_json(report: Mapping[str, Any]) -> None:
    """Print `report` as the one JSON object of a `--json` run.

    NumPy scalars and arrays, paths and dataclasses are converted; a value that is not finite is refused with
    ValueError, since JSON has none.
    """
    stream = sys.__stdout__ or sys.stdout
    print(json.dumps(report, indent=2, allow_nan=False, default=_plain), file=stream, flush=True)


def check_folder(bundle: str | Path) -> None:
    """Refuse a student.facelite where its whole bundle is needed."""
    from ..errors import BadInput

    if Path(bundle).is_file():
        raise BadInput(bundle, "is a file, and the whole bundle is needed", "give the folder that convert or demo made")


def exit_with(holds: bool) -> None:
    """End a judging verb: exit code 0 when its claim holds, 1 when a limit is broken."""
    raise typer.Exit(0 if holds else 1)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
