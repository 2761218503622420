"""Builds of the shipped student, each made once a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from facelite.targets.cross import build


@pytest.fixture(scope="session")
def built(once, shipped_bundle) -> Callable[[str, str], Path]:
    """`built(target, compiler)`: the folder of that build; zig's with nothing on the path, by pip's programs alone."""

    def make(target: str, compiler: str) -> Path:
        def fill(folder: Path) -> None:
            with pytest.MonkeyPatch.context() as patch:
                if compiler == "zig":
                    patch.setenv("PATH", "/nowhere")
                build(shipped_bundle, target, folder, compiler=compiler)

        return once(f"{target} by {compiler}", fill)

    return make
