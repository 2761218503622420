"""Fixtures and markers that every folder of tests shares."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

FESTVOX_RU = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `program(name, …)` skips, naming what is absent; under CI=true it fails instead."""
    absent = [name for mark in item.iter_markers("program") for name in mark.args if not _present(name)]
    if absent:
        message = f"{' and '.join(absent)} not installed; run: apt-get install {' '.join(absent)}"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)


def _present(name: str) -> bool:
    if name == "festvox-ru":
        return FESTVOX_RU.is_dir()
    return shutil.which(name) is not None
