"""The errors facelite raises on purpose; the command line turns each into one line and exit code 2."""

from __future__ import annotations

from pathlib import Path


class FaceliteError(Exception):
    """Base of every error that a caller can mend. Its text is one line."""


class BadInput(FaceliteError):
    """A file, field or argument that cannot be used as it is.

    Parameters
    ----------
    what
        The file or argument at fault.
    problem
        What is wrong with it, naming the field.
    mend
        What the user can do about it.
    """

    def __init__(self, what: str | Path, problem: str, mend: str = "") -> None:
        text = f"{what}: {problem}" + (f"; {mend}" if mend else "")
        super().__init__(" ".join(text.split()))


class Unsupported(BadInput):
    """A model that holds an operator the intermediate representation has no place for."""


class MissingDependency(FaceliteError):
    """An optional package or program that the asked-for step needs is not installed."""

    def __init__(self, step: str, missing: str, install: str) -> None:
        super().__init__(f"{step} needs {missing}, which is not installed; run: {install}")
