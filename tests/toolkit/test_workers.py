"""Processes of a pool: what they inherit, and that a kill of the main process leaves none of them behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from facelite import workers

MAIN = """
import os, time
from facelite import workers
if __name__ == "__main__":
    with workers.pool(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_workers_get_their_environment_and_the_main_process_keeps_its_own():
    with workers.environment({"FACELITE_TEST": "here"}), workers.pool(1) as pool:
        assert pool.submit(os.getenv, "FACELITE_TEST").result() == "here"
    assert "FACELITE_TEST" not in os.environ


def test_a_killed_process_leaves_no_worker(tmp_path):
    (tmp_path / "main.py").write_text(MAIN)
    with subprocess.Popen([sys.executable, tmp_path / "main.py"], stdout=subprocess.PIPE, text=True) as main:
        worker = int(main.stdout.readline())
        os.kill(worker, 0)
        main.send_signal(signal.SIGKILL)
    for _ in range(600):
        if _has_ended(worker):
            return
        time.sleep(0.1)
    os.kill(worker, signal.SIGKILL)
    raise AssertionError("the worker lives on")


def _has_ended(process: int) -> bool:
    """Gone, or dead and not yet reaped by whoever inherited it."""
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
