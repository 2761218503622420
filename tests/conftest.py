"""Fixtures and markers that every folder of tests shares."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED_STUDENT = ROOT / "toolkit" / "weights" / "tiny_real_time" / "student.keras"
FILES = {
    "festvox-ru": Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits"),
    "freedoom": Path("/usr/share/games/doom/freedoom2.wad"),
    "fluid-soundfont-gm": Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    "openssh-server": Path("/usr/sbin/sshd"),
    "wasi-libc": Path("/usr/lib/wasm32-wasi/libc.a"),
    "wine64": Path("/usr/lib/wine/wine64"),
}
"""What a package installs that is no program on the path."""

EXECUTABLES = {
    "gcc-aarch64-linux-gnu": "aarch64-linux-gnu-gcc",
    "gcc-mingw-w64-x86-64": "x86_64-w64-mingw32-gcc",
    "mono-mcs": "mcs",
    "mono-runtime": "mono",
    "nodejs": "node",
    "node-typescript": "tsc",
    "qemu-user": "qemu-aarch64",
}
"""What a package installs, where it is not called like the package."""


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the tests in its background has all that they start ignore Ctrl-C, which some of them try.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `program(name, …)` skips, naming what is absent; under CI=true it fails instead."""
    absent = [name for mark in item.iter_markers("program") for name in mark.args if not _present(name)]
    if absent:
        message = f"{' and '.join(absent)} not installed; run: apt-get install {' '.join(absent)}"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)


def _present(name: str) -> bool:
    if name in FILES:
        return FILES[name].exists()
    return shutil.which(EXECUTABLES.get(name, name)) is not None


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """`once(name, make)` gives a folder that `make(folder)` filled, once for all the workers of a test run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, make: Callable[[Path], None]) -> Path:
        folder, unfinished = shared / name, shared / f"{name}.unfinished"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                make(unfinished)
                unfinished.rename(folder)
        return folder

    return once


@pytest.fixture(scope="session")
def shipped_bundle(once) -> Path:
    """The bundle of the shipped student, as `facelite convert` makes it. Do not write into it."""

    def convert(folder: Path) -> None:
        program = Path(sys.executable).with_name("facelite")
        command = [program, "convert", SHIPPED_STUDENT, "-o", folder]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
        assert result.returncode == 0, result.stderr

    return once("shipped bundle", convert)


@pytest.fixture(scope="session")
def shipped_student() -> Path:
    """The Keras file of the student that ships; its spec lies beside it."""
    return SHIPPED_STUDENT


@pytest.fixture(scope="session")
def speech() -> Path:
    """Two seconds of human speech."""
    return min((ROOT / "tests" / "data" / "emodb" / "clips").iterdir())


@pytest.fixture(scope="session")
def launch():
    """`launch(*options)` starts a Chromium. Playwright runs once in a thread, so all tests of a worker share it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright not installed; pip install playwright")
    with playwright.sync_playwright() as session:

        def launch(*options: str):
            return session.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", *options])

        yield launch
