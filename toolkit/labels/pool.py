"""All cores of this machine: a process a worker, started afresh so that each loads its libraries with one thread."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess

from ..errors import BadInput
from .plan import Shard
from .work import THREADS, Done, Job, Trouble, label_shard

_AHEAD = 2


def run(job: Job, shards: Sequence[Shard], workers: int) -> Generator[Done | Trouble, None, None]:
    """Label `shards` in `workers` processes and give each result as it comes.

    A caller that stops listening waits for the shards in hand; those behind them are not begun.

    Raises
    ------
    BadInput
        A worker died: it was killed, or the teacher's library crashed.
    """
    queue = iter(shards)
    with _environment(), ProcessPoolExecutor(workers, get_context("spawn"), _begin) as pool:
        try:
            running = {pool.submit(label_shard, job, shard) for shard in islice(queue, _AHEAD * workers)}
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(label_shard, job, shard) for shard in islice(queue, len(finished))}
                yield from (_result(future) for future in finished)
        finally:
            pool.shutdown(cancel_futures=True)


def _result(future: Future[Done | Trouble]) -> Done | Trouble:
    try:
        return future.result()
    except BrokenProcessPool:
        raise BadInput(
            "a worker", "was killed or crashed, perhaps for want of memory", "run again with fewer --workers"
        ) from None


def _begin() -> None:
    """Workers leave an interrupt to the main process, and end with it even where it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@contextmanager
def _environment() -> Iterator[None]:
    """Processes that are spawned now get `THREADS`."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(THREADS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
