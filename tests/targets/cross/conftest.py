"""Builds of the shipped student, each made once a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from facelite.targets.cross import build


@pytest.fixture(scope="session")
def built(once, shipped_bundle) -> Callable[[str, str, str], Path]:
    """`built(target, compiler, system)`: the folder of that build."""

    def make(target: str, compiler: str, system: str = "") -> Path:
        name = f"{target} by {compiler} for {system or 'its system'}"
        return once(name, lambda folder: build(shipped_bundle, target, folder, system or None, compiler) and None)

    return make
