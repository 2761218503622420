"""The C library as an installed package, and what the examples are given to speak."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Clip:
    """A student, a clip, and the curves that the NumPy oracle makes of it."""

    student: Path
    speech: Path
    curves: np.ndarray


@pytest.fixture(scope="session")
def prefix(once) -> Path:
    """A folder that the C library was installed into; the folder it was built and first installed in is gone."""

    def install(folder: Path) -> None:
        build = folder / "build"
        programs = [f"-DFACELITE_{part}=OFF" for part in ("TESTS", "BENCH", "TOOLS")]
        options = [*programs, "-DFACELITE_WERROR=ON", "-DCMAKE_INSTALL_LIBDIR=lib", f"-DCMAKE_INSTALL_PREFIX={folder}"]
        run(BIN / "cmake", "-S", ROOT, "-B", build, *options)
        run(BIN / "cmake", "--build", build, "--target", "install")
        run(BIN / "cmake", "-E", "rm", "-r", build)

    return once("installed library", install)


@pytest.fixture(scope="session")
def clip(shipped_bundle, tmp_path_factory) -> Clip:
    """The clip of the shipped student's golden vectors."""
    golden = np.load(shipped_bundle / "golden.npz")
    speech = tmp_path_factory.mktemp("clip") / "speech.s16"
    golden["stream_pcm"].tofile(speech)
    return Clip(shipped_bundle / "student.facelite", speech, golden["stream_curves"])


@pytest.fixture(scope="session")
def run_program():
    """`run_program(words…, **options)`: what a program prints to stdout; fails with its stderr."""
    return run


def run(*words: str | Path, **options: object) -> str:
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=600, check=False, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
