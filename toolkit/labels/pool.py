"""All cores of this machine: a process a worker, started afresh so that each loads its libraries with one thread."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from .. import workers as processes
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
    with processes.environment(THREADS), processes.pool(workers) as pool:
        try:
            running = {pool.submit(label_shard, job, shard) for shard in islice(queue, _AHEAD * workers)}
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                results = [future.result() for future in finished]
                running |= {pool.submit(label_shard, job, shard) for shard in islice(queue, len(finished))}
                yield from results
        except BrokenProcessPool:
            raise BadInput(
                "a worker", "was killed or crashed, perhaps for want of memory", "run again with fewer --workers"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)
