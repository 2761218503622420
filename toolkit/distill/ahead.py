"""Batches made ahead of the training step that uses them, in one worker process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

_AHEAD = 6


def ahead(make: Callable[..., Any], first: int, last: int, *arguments: Any) -> Iterator[Any]:
    """``make(step, *arguments)`` for each step in ``range(first, last)``, in order.

    Parameters
    ----------
    make
        A function of a module, so that the worker can import it.
    """
    waiting: deque[Future] = deque()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        for step in range(first, last):
            waiting.append(pool.submit(make, step, *arguments))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
