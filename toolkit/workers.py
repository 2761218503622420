"""Worker processes: started afresh, deaf to an interrupt, gone with the process that started them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import Any

ONE_THREAD: Mapping[str, str] = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Environment of workers that leave the other cores alone and add up in one order."""


def pool(workers: int, prepare: Callable[..., object] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """Processes that import what they need anew, so that each reads its own environment.

    Parameters
    ----------
    prepare
        A function of a module, called once in every worker with `arguments`.
    """
    return ProcessPoolExecutor(workers, get_context("spawn"), _begin, (prepare, arguments))


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Processes that are started meanwhile get `values`."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin(prepare: Callable[..., object] | None, arguments: tuple[Any, ...]) -> None:
    """An interrupt is the main process's to answer; and where that is killed, nobody else would end a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if prepare is not None:
        prepare(*arguments)


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
