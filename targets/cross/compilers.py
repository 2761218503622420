"""Which compilers are on this machine, and how CMake is told to use one."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from facelite.errors import BadInput, MissingDependency

from .platforms import COMPILERS, Platform

TOOLCHAINS = Path(__file__).resolve().parents[1] / "toolchains"


@dataclass(frozen=True)
class Toolchain:
    """A compiler for a platform.

    Attributes
    ----------
    family
        "zig", "gcc", "clang", or "own" for a studio's toolchain file.
    file
        CMake toolchain file; None for the machine's own compiler.
    options
        Further -D options of CMake, without the "-D".
    """

    family: str
    file: Path | None
    options: tuple[str, ...] = ()


def choose(platform: Platform, family: str | None = None, own: Path | None = None) -> Toolchain:
    """A toolchain for `platform`: the studio's own file, the family asked for, or the first that is here.

    Raises
    ------
    BadInput
        `own` is no file, or `family` is none that builds for the platform.
    MissingDependency
        No compiler for the platform is installed.
    """
    if own is not None:
        if not own.is_file():
            raise BadInput(own, "there is no such toolchain file", "docs/targets.md shows one")
        return Toolchain("own", own.resolve())
    families = [one for one in COMPILERS if one in platform.toolchains]
    if family is not None and family not in families:
        raise BadInput("--compiler", f"{family!r} does not build for {platform.name}", f"known: {', '.join(families)}")
    for one in [family] if family else families:
        if _present(one, platform):
            return _toolchain(one, platform)
    install = "pip install 'facelite[cross]'"
    raise MissingDependency(f"facelite build for {platform.name}", f"{family or 'a compiler'}", install)


def program(name: str) -> Path:
    """`cmake` or `ninja`: pip's, beside this Python, or else one on the path; raises MissingDependency."""
    own = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=own)
    if found is None:
        raise MissingDependency("facelite build", name, "pip install 'facelite[cross]'")
    return Path(found)


def zig() -> Path | None:
    """The zig program of PyPI's ziglang, or one on the path."""
    package = find_spec("ziglang")
    if package is not None and package.origin is not None:
        name = "zig.exe" if os.name == "nt" else "zig"
        return Path(package.origin).with_name(name)
    found = shutil.which("zig")
    return Path(found) if found else None


def _present(family: str, platform: Platform) -> bool:
    match family:
        case "zig":
            return zig() is not None
        case "gcc":
            prefix = {"aarch64": "aarch64-linux-gnu-", "x86_64": ""}[platform.arch]
            return (
                shutil.which("x86_64-w64-mingw32-gcc" if platform.system == "windows" else f"{prefix}gcc") is not None
            )
        case _:
            return any(shutil.which(f"clang{version}") for version in ("", *(f"-{v}" for v in range(18, 24))))


def _toolchain(family: str, platform: Platform) -> Toolchain:
    name = platform.toolchains[family]
    options = [f"FACELITE_ZIG={zig()}"] if family == "zig" else []
    if not name:
        options.append("CMAKE_C_COMPILER=gcc")
    if family in platform.told_static:
        options.append("CMAKE_EXE_LINKER_FLAGS=-static")
    return Toolchain(family, TOOLCHAINS / name if name else None, tuple(options))
