"""Runs the installed `facelite` program as a user does, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("facelite"))
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def program() -> str:
    """Path of the installed console script."""
    return PROGRAM


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run(*arguments, cwd=…)` gives the finished process with its text output."""

    def run(*arguments: object, cwd: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )

    return run


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """`refused(*arguments)` asserts one line on stderr, nothing on stdout and exit code 2, and gives the line."""

    def refused(*arguments: object, **keywords: object) -> str:
        result = run(*arguments, **keywords)
        assert result.returncode == 2, result.stderr
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert len(lines) == 1, result.stderr
        return lines[0]

    return refused
