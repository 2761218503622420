"""Holds back what native libraries and TensorFlow print about themselves, so that a user reads facelite's lines."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, everything written to file descriptor 2 is dropped, and Python's warnings are ignored.

    TensorFlow's C++ side prints start-up notices whatever its log level is. What goes wrong arrives as an exception.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
