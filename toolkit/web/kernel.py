"""Builds the C kernel as WebAssembly modules for web pages, with the clang in PyPI's ziglang."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from importlib import import_module
from pathlib import Path

from ..atomic import write_bytes
from ..errors import FaceliteError, MissingDependency

PLAIN, RELAXED = "facelite.wasm", "facelite_relaxed.wasm"

MODULES = {PLAIN: "OFF", RELAXED: "ON"}
"""Each module's FACELITE_WASM_RELAXED. An engine loads a module only if it knows all of its instructions."""

_HERE = Path(__file__).resolve()
_OPTIONS = ("TESTS", "BENCH", "TOOLS", "INSTALL")


def build(folder: str | Path) -> list[Path]:
    """Write the modules into `folder`; compiled once for each state of the sources and kept in the user's cache.

    Raises
    ------
    MissingDependency
        ziglang, CMake or Ninja is absent.
    FaceliteError
        The compiler failed; the message holds its last line.
    """
    return [_written(Path(folder) / name, _cached(name)) for name in MODULES]


def sources() -> Path:
    """The folder of the top CMakeLists.txt: the repository's, or the one that an installed package brings."""
    places = (_HERE.parents[2], _HERE.parents[1] / "source")
    found = next((place for place in places if (place / "kernels" / "CMakeLists.txt").is_file()), None)
    if found is None:
        raise FaceliteError("the kernel's C sources: not in this installation; install facelite from its repository")
    return found


def _written(path: Path, module: bytes) -> Path:
    write_bytes(path, module)
    return path


def _cached(name: str) -> bytes:
    kept = _cache() / f"{Path(name).stem}-{_fingerprint()[:16]}.wasm"
    if not kept.is_file():
        write_bytes(kept, _compiled(MODULES[name]))
    return kept.read_bytes()


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "facelite"


def _fingerprint() -> str:
    """SHA-256 of everything that decides a module's bytes: sources, build files, compiler."""
    root = sources()
    kernel = (path for path in (root / "kernels").rglob("*") if path.suffix in {".c", ".h", ".txt", ".cmake"})
    digest = hashlib.sha256(_zig_version().encode())
    for path in sorted([*kernel, root / "CMakeLists.txt", _toolchain(root), _toolchain(root).with_name("zig.cmake")]):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _zig_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ziglang")
    except PackageNotFoundError:
        raise _missing("ziglang") from None


def _zig() -> Path:
    """The compiler in the package."""
    return Path(str(import_module("ziglang").__file__)).with_name("zig.exe" if os.name == "nt" else "zig")


def _toolchain(root: Path) -> Path:
    return root / "targets" / "toolchains" / "wasm32-wasi-zig.cmake"


def _compiled(relaxed: str) -> bytes:
    root = sources()
    with tempfile.TemporaryDirectory() as folder:
        _run(
            _program("cmake"),
            *("-G", "Ninja", "-S", str(root), "-B", folder),
            f"-DCMAKE_MAKE_PROGRAM={_program('ninja')}",
            f"-DCMAKE_TOOLCHAIN_FILE={_toolchain(root)}",
            f"-DFACELITE_ZIG={_zig()}",
            f"-DFACELITE_WASM_RELAXED={relaxed}",
            *(f"-DFACELITE_{option}=OFF" for option in _OPTIONS),
        )
        _run(_program("cmake"), "--build", folder, "--target", "facelite_web")
        return (Path(folder) / "kernels" / "web" / "facelite.wasm").read_bytes()


def _program(package: str) -> str:
    """The program of the PyPI package of the same name."""
    try:
        module = import_module(package)
    except ModuleNotFoundError:
        raise _missing(package) from None
    folder = module.CMAKE_BIN_DIR if package == "cmake" else module.BIN_DIR
    return str(Path(folder) / package)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines() or ["no message"]
        raise FaceliteError(f"compiling the kernel for the web failed: {lines[-1]}")


def _missing(package: str) -> MissingDependency:
    return MissingDependency("compiling the kernel for the web", package, "pip install 'facelite[web]'")
