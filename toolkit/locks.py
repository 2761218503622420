"""One process to a folder: two that build, label or train into the same one would spoil each other's work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import BadInput

FILE = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder`, made if need be, for this process; the lock dies with the process.

    Raises
    ------
    BadInput
        Another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows: two at once are the user's affair
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadInput(folder, "is in use by another process", "wait for it or stop it") from error
        yield
