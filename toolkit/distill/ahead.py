"""Batches made ahead of the training step that uses them, in worker processes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

_AHEAD = 6
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def ahead(make: Callable[..., Any], first: int, last: int, *arguments: Any, workers: int = 1) -> Iterator[Any]:
    """``make(step, *arguments)`` for each step in ``range(first, last)``, in order.

    Parameters
    ----------
    make
        A function of a module, so that a worker can import it.
    workers
        Processes; what they make and its order do not depend on how many there are.
    """
    waiting: deque[Future] = deque()
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for step in range(first, last):
            with _one_thread():  # the pool starts its processes at the first call
                waiting.append(pool.submit(make, step, *arguments))
            if len(waiting) > _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Workers started meanwhile leave the cores to the training, and add up in one order."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
