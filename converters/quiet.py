"""Holds back what native libraries and TensorFlow print about themselves, so that a user reads facelite's lines."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, everything written to file descriptor 2 is kept back; it is shown after all if an exception leaves.

    TensorFlow's C++ side prints start-up notices whatever its log level is. Python's warnings are ignored, too.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
