"""Batches made ahead of the training step that uses them, in worker processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from .. import workers as processes
from ..errors import BadInput

_AHEAD = 6


def ahead(make: Callable[..., Any], first: int, last: int, *arguments: Any, workers: int = 1) -> Iterator[Any]:
    """``make(step, *arguments)`` for each step in ``range(first, last)``, in order.

    Parameters
    ----------
    make
        A function of a module, so that a worker can import it.
    workers
        Processes; what they make and its order do not depend on how many there are.

    Raises
    ------
    BadInput
        A worker died: it was killed.
    """
    try:
        yield from _made(make, first, last, arguments, workers)
    except BrokenProcessPool:
        mend = "run again, it goes on from its last checkpoint; fewer train.workers need less"
        raise BadInput("a worker", "was killed or crashed, perhaps for want of memory", mend) from None


def _made(make: Callable[..., Any], first: int, last: int, arguments: tuple[Any, ...], workers: int) -> Iterator[Any]:
    waiting: deque[Future] = deque()
    with processes.pool(workers) as pool:
        for step in range(first, last):
            with processes.environment(processes.ONE_THREAD):  # the pool starts its processes at the first call
                waiting.append(pool.submit(make, step, *arguments))
            if len(waiting) > _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
