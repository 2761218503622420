"""Wheels as users get them: made from the sdist, installed where there is no compiler, and bit for bit right."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
pytestmark = pytest.mark.slow

GOLDEN = """
import platform, sys, numpy as np, facelite
student, golden = facelite.load(sys.argv[1]), np.load(sys.argv[1] + "/golden.npz")
for tier in [None, *facelite._kernel.isa_available()]:
    facelite._kernel.isa_force(tier)
    curves = facelite.load(sys.argv[1]).animate(golden["stream_pcm"])
    assert np.array_equal(curves.view(np.uint32), golden["stream_curves"].view(np.uint32)), tier
print(platform.machine(), facelite.__file__, *facelite._kernel.isa_available())
"""
"""The golden stream on every tier of the CPU."""


def run(*command: str | Path, **options: object) -> str:
    result = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, timeout=3000, **options
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheels(once) -> Path:
    """A folder with the sdist and a wheel for each machine."""
    return once("wheels", lambda folder: run(sys.executable, ROOT / "release" / "wheels.py", folder))


def wheel_of(wheels: Path, machine: str) -> Path:
    (wheel,) = wheels.glob(f"*-manylinux_2_28_{machine}.whl")
    return wheel


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_wheels_hold_the_package_and_one_module_that_needs_only_libc(wheels, machine):
    with zipfile.ZipFile(wheel_of(wheels, machine)) as archive:
        names = archive.namelist()
        (module,) = [name for name in names if name.endswith(".so")]
        data = archive.read(module)
    assert module == f"facelite/_kernel.cpython-{PYTHON.replace('.', '')}-{machine}-linux-gnu.so"
    assert {"facelite/__init__.py", "facelite/converters/__init__.py", "facelite/targets/__init__.py"} <= set(names)
    assert b"libstdc++" not in data
    assert not any(name.startswith(("tests/", "kernels/")) for name in names)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="runs the x86-64 wheel on the CPU")
def test_installs_in_an_empty_environment_without_a_compiler(wheels, shipped_bundle, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "empty")
    python = tmp_path / "empty" / "bin" / "python"
    alone = {"PATH": str(python.parent), "HOME": str(tmp_path)}  # no compiler, no CMake, nothing of this machine
    assert shutil.which("cc", path=alone["PATH"]) is None
    proxied = {name: value for name, value in os.environ.items() if name.lower().startswith(("pip_", "http", "ssl"))}
    install = ["-m", "pip", "install", "-q", "--only-binary", ":all:", wheel_of(wheels, "x86_64")]
    run(python, *install, env=alone | proxied)
    printed = run(python, "-c", GOLDEN, shipped_bundle, env=alone, cwd=tmp_path)
    assert printed.startswith(f"x86_64 {tmp_path}")
    assert set(run(python, "-m", "pip", "list", "--format=freeze", env=alone).replace("==", " ").split()) >= {"numpy"}


@pytest.mark.program("qemu-user")
@pytest.mark.skipif(PYTHON != "3.11", reason="Debian 12 has Python 3.11 for Arm, and a wheel is for one version")
def test_the_arm_wheel_runs_under_qemu(wheels, shipped_bundle, tmp_path):
    """With Debian's Python for Arm, out of its packages: nothing is installed on this machine."""
    machine = run(sys.executable, ROOT / "release" / "arm_python.py", tmp_path / "arm").strip()
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", site, "--only-binary", ":all:"]
    run(*pip, "--platform", "manylinux_2_28_aarch64", "--python-version", PYTHON, wheel_of(wheels, "aarch64"))
    python = ["qemu-aarch64", "-L", machine, f"{machine}/usr/bin/python{PYTHON}"]
    for cpu, tier in (("cortex-a57", "neon"), ("cortex-a76", "neon_dotprod")):
        environment = os.environ | {"QEMU_CPU": cpu, "PYTHONPATH": str(site), "OPENBLAS_CORETYPE": "ARMV8"}
        printed = run(*python, "-c", GOLDEN, shipped_bundle, env=environment, cwd=tmp_path)
        assert printed.startswith(f"aarch64 {site}")
        assert printed.split()[-1] == tier
