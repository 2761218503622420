"""`kill -9` at any moment costs time and nothing else: the resumed run gives the same weights, bit for bit."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs facelite[distill]")

PROGRAM = """
import sys
from pathlib import Path
from facelite.distill import recipe as recipes
from facelite.distill.train import Run

if __name__ == "__main__":
    recipe = recipes.Recipe.model_validate_json(Path(sys.argv[1]).read_text("utf-8"))
    run = Run(sys.argv[2], recipe, [Path(sys.argv[3])])
    run.train(lambda step, steps, losses, latest: print(step, flush=True))
"""


@pytest.fixture
def arguments(recipe, labels, tmp_path):
    """`arguments(folder, steps)`: a command that trains there, on one thread, saving every third step."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")

    def arguments(folder: Path, steps: int) -> list[str]:
        changes = {"steps": steps, "threads": 1, "checkpoint_every": 3, "evaluate_every": 10}
        chosen = recipe.model_copy(update={"train": recipe.train.model_copy(update=changes)})
        (tmp_path / "recipe.json").write_text(chosen.model_dump_json(), "utf-8")
        return [sys.executable, str(program), str(tmp_path / "recipe.json"), str(folder), str(labels)]

    return arguments


def _kill_at(command: list[str], step: int) -> None:
    """Start the run and kill its process group once it has printed `step`."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    assert process.stdout
    for line in process.stdout:
        if int(line) >= step:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _compare(undisturbed: Path, killed: Path) -> None:
    with np.load(undisturbed / "checkpoint.npz") as a, np.load(killed / "checkpoint.npz") as b:
        assert sorted(a.files) == sorted(b.files)
        for name in a.files:
            if name != "state":  # holds the seconds
                assert np.array_equal(a[name], b[name]), name
    histories = [json.loads((folder / "history.json").read_text("utf-8")) for folder in (undisturbed, killed)]
    assert histories[0] == histories[1]
    assert not [path for path in killed.iterdir() if path.name.startswith(".checkpoint")]


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stderr


def test_a_killed_run_arrives_at_the_same_weights(arguments, tmp_path):
    _run(arguments(tmp_path / "undisturbed", 12))
    _kill_at(arguments(tmp_path / "killed", 12), 8)
    _run(arguments(tmp_path / "killed", 12))
    _compare(tmp_path / "undisturbed", tmp_path / "killed")
    assert [s["step"] for s in json.loads((tmp_path / "killed" / "sessions.json").read_text("utf-8"))] == [0, 6]


@pytest.mark.slow
def test_ten_random_kills_change_nothing(arguments, tmp_path):
    steps, rng = 60, random.Random(4)
    _run(arguments(tmp_path / "undisturbed", steps))
    for step in sorted(rng.randrange(1, steps - 2) for _ in range(10)):
        _kill_at(arguments(tmp_path / "killed", steps), step)
    _run(arguments(tmp_path / "killed", steps))
    _compare(tmp_path / "undisturbed", tmp_path / "killed")
