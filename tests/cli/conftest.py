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
    """`refused(*arguments)` asserts exit code 2, nothing on stdout and one error line after any progress; gives it."""

    def refused(*arguments: object, **keywords: object) -> str:
        result = run(*arguments, **keywords)
        assert result.returncode == 2, result.stderr
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert [line for line in lines if line.startswith("facelite")] == lines[-1:], result.stderr
        assert "Traceback" not in result.stderr
        return lines[-1]

    return refused
