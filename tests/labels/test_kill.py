"""A run that is killed at any moment goes on to the very bytes of one that was not."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

OPTIONS = ("--shard-clips", 4, "--workers", 2)


@pytest.fixture(scope="module")
def large(write_corpus, tmp_path_factory) -> Path:
    """120 clips of four seconds."""
    return write_corpus(tmp_path_factory.mktemp("corpus"), clips=120, seconds=4.0)


def _wait_for_shards(labels: Path, count: int, process) -> None:
    while len(list(labels.glob("[0-9]*.parquet"))) < count and process.poll() is None:
        time.sleep(0.01)


def _kill(process) -> None:
    """Kill the main process alone, as the system does when memory runs out; its workers must not outlive it."""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


def test_killed_twice_it_ends_as_if_undisturbed(corpus, start, run, contents, tmp_path):
    assert run(corpus, tmp_path / "undisturbed", *OPTIONS).returncode == 0
    for shards in (1, 3):
        process = start(corpus, tmp_path / "killed", *OPTIONS)
        _wait_for_shards(tmp_path / "killed", shards, process)
        _kill(process)
    assert run(corpus, tmp_path / "killed", *OPTIONS).returncode == 0
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")


def test_a_killed_worker_is_told_in_one_line_and_nothing_is_lost(corpus, start, run, contents, tmp_path):
    options = ("--shard-clips", 2, "--workers", 1)
    assert run(corpus, tmp_path / "undisturbed", *options).returncode == 0
    process = start(corpus, tmp_path / "killed", *options)
    _wait_for_shards(tmp_path / "killed", 1, process)
    for worker in _workers(process.pid):
        os.kill(worker, signal.SIGKILL)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "was killed or crashed" in told.splitlines()[-1]
    assert "Traceback" not in told
    assert run(corpus, tmp_path / "killed", *options).returncode == 0
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")


def _workers(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.slow
def test_killed_at_ten_random_moments_it_ends_as_if_undisturbed(large, start, run, contents, tmp_path):
    began = time.monotonic()
    assert run(large, tmp_path / "undisturbed", *OPTIONS).returncode == 0
    whole = time.monotonic() - began
    draw = random.Random(3)
    kills = finished = 0
    labels = tmp_path / "killed"
    while kills < 10:
        process = start(large, labels, *OPTIONS)
        time.sleep(draw.uniform(0, whole / 2))
        _kill(process)
        kills += process.returncode == -signal.SIGKILL
        if (labels / "manifest.json").exists():  # done early: begin again, so that every kill has work to disturb
            assert run(large, labels, *OPTIONS).returncode == 0
            assert contents(labels) == contents(tmp_path / "undisturbed")
            finished += 1
            labels = tmp_path / f"killed {finished}"
    assert run(large, labels, *OPTIONS).returncode == 0
    assert contents(labels) == contents(tmp_path / "undisturbed")
