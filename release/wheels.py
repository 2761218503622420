"""The sdist, and from it a wheel of this Python for each machine: `python release/wheels.py dist [MACHINE…]`.

zig is the compiler, so this machine's glibc and C++ library leave no trace in the symbols, and a wheel for Arm is made
on x86. Every wheel is held against its platform tag by auditwheel before it is kept.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import ziglang

ROOT = Path(__file__).resolve().parents[1]
MACHINES = ("x86_64", "aarch64")
GLIBC = (2, 28)
"""As NumPy's own wheels: whoever has NumPy can install these."""

ZIG = Path(ziglang.__file__).with_name("zig")


def main(folder: Path, machines: list[str]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    sdist = hook("sdist", ROOT, folder.resolve())
    print(sdist, flush=True)
    for machine in machines:
        print(wheel(sdist, machine, folder.resolve()), flush=True)
    return 0


def wheel(sdist: Path, machine: str, folder: Path) -> Path:
    """A manylinux wheel of `sdist` for `machine`, in `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(sdist) as archive:
            archive.extractall(scratch, filter="data")
        (source,) = Path(scratch).iterdir()
        plain = hook("wheel", source, Path(scratch), machine)
        tag = manylinux(plain, machine)
        command = [sys.executable, "-m", "wheel", "tags", "--platform-tag", tag, str(plain)]
        (tagged,) = run(command, scratch).split()
        return Path(scratch, tagged).replace(folder / tagged)


def hook(kind: str, source: Path, folder: Path, machine: str | None = None) -> Path:
    """What the build backend (PEP 517) makes of `source`, in `folder`."""
    environment, settings = dict(os.environ), {}
    if machine is not None:
        suffix = f".cpython-{sys.version_info.major}{sys.version_info.minor}-{machine}-linux-gnu.so"
        definitions = {
            "CMAKE_TOOLCHAIN_FILE": ROOT / "release" / "manylinux.cmake",
            "FACELITE_ZIG": ZIG,
            # Python's own headers are alike on all 64-bit Linux; what the module is called is not.
            "PYTHON_MODULE_EXTENSION": suffix,
            # There is next to nothing to optimise across files, and zig would compile its C++ library anew for it.
            "CMAKE_INTERPROCEDURAL_OPTIMIZATION": "OFF",
        }
        settings["cmake.args"] = ";".join(f"-D{name}={value}" for name, value in definitions.items())
        environment |= {"FACELITE_WHEEL_MACHINE": machine, "_PYTHON_HOST_PLATFORM": f"linux-{machine}"}
    code = (
        f"import sys; from scikit_build_core.build import build_{kind} as build; "
        f"print(build(sys.argv[1], {settings!r}))"
    )
    return folder / run([sys.executable, "-c", code, str(folder)], source, environment).splitlines()[-1]


def manylinux(path: Path, machine: str) -> str:
    """The platform tag of `GLIBC`, once auditwheel has found that the wheel needs nothing newer."""
    shown = run([sys.executable, "-m", "auditwheel", "show", str(path)], path.parent)
    found = re.search(rf'tag:\s*"manylinux_(\d+)_(\d+)_{machine}"', shown)
    if found is None or (int(found[1]), int(found[2])) > GLIBC:
        sys.exit(f"{path.name} does not fit manylinux_{GLIBC[0]}_{GLIBC[1]}:\n{shown}")
    return f"manylinux_{GLIBC[0]}_{GLIBC[1]}_{machine}"


def run(command: list[str], folder: str | Path, environment: dict[str, str] | None = None) -> str:
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(result.stdout + result.stderr)
    return result.stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:] or list(MACHINES)))
