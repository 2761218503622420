"""The kernel's web modules, built once, and Node to run them in."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from facelite.web import kernel

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "toolkit" / "web" / "static"


@pytest.fixture(scope="session")
def modules(once) -> Path:
    """A folder with the kernel's two modules and the page's scripts, as Node wants to import them."""

    def make(folder: Path) -> None:
        kernel.build(folder)
        for script in STATIC.glob("*.js"):
            (folder / script.name).write_bytes(script.read_bytes())
        (folder / "package.json").write_text('{"type": "module"}')

    return once("web modules", make)


@pytest.fixture
def node(modules, tmp_path) -> Callable[..., Any]:
    """`node(script, *arguments)`: runs an ES module beside facelite.js; returns the JSON that it prints."""

    def run(script: str, *arguments: object) -> Any:
        program = tmp_path / "program.mjs"
        program.write_text(script.replace("FOLDER", modules.as_uri()))
        # Relaxed SIMD is an experiment in Node 20, whose first compiler gets it wrong (docs/platforms.md).
        options = ["--no-warnings", "--experimental-wasm-relaxed-simd", "--no-liftoff"]
        done = subprocess.run(
            ["node", *options, program, *map(str, arguments)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
