"""What is built for an architecture and an operating system, and which toolchain files can do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from facelite.errors import BadInput

from ..schema import Profile

COMPILERS = ("zig", "gcc", "clang")
"""Families, in the order in which they are tried: zig gives the same bytes on every machine that has it."""


@dataclass(frozen=True)
class Platform:
    """An architecture with an operating system.

    Attributes
    ----------
    arch, system
        As profiles and `--system` call them.
    toolchains
        Compiler family -> file in targets/toolchains, "" for the machine's own compiler.
    told_static
        Compiler families that link programs with shared libraries unless told.
    program_suffix
        Of a program's file name.
    """

    arch: str
    system: str
    toolchains: Mapping[str, str]
    told_static: tuple[str, ...] = ()
    program_suffix: str = ""

    @property
    def name(self) -> str:
        return f"{self.arch} {self.system}"


PLATFORMS = (
    Platform(
        "aarch64",
        "linux",
        {"zig": "aarch64-linux-zig.cmake", "gcc": "aarch64-linux-gnu.cmake"},
        told_static=("gcc",),
    ),
    Platform("x86_64", "linux", {"zig": "x86_64-linux-zig.cmake", "gcc": "", "clang": "clang.cmake"}),
    Platform(
        "x86_64",
        "windows",
        {"zig": "x86_64-windows-zig.cmake", "gcc": "x86_64-w64-mingw32.cmake"},
        program_suffix=".exe",
    ),
    Platform("wasm32", "wasi", {"zig": "wasm32-wasi-zig.cmake", "clang": "wasm32-wasi.cmake"}, program_suffix=".wasm"),
)

CONSOLES = frozenset({"ps4", "ps5", "xbox-one", "xbox-series-x", "xbox-series-s", "switch", "switch-2"})
"""Shipped profiles whose SDK is under NDA: what is built without it is a stand-in of the same instruction set."""


def platform_of(profile: Profile, system: str | None = None) -> Platform:
    """The platform that a profile is built for; `system` overrides the profile's own.

    Raises
    ------
    BadInput
        Nothing is known to build for that architecture and system.
    """
    wanted = system or profile.system or {"wasm32": "wasi"}.get(profile.arch, "linux")
    for one in PLATFORMS:
        if (one.arch, one.system) == (profile.arch, wanted):
            return one
    known = ", ".join(one.system for one in PLATFORMS if one.arch == profile.arch)
    raise BadInput("--system", f"nothing is known to build for {profile.arch} {wanted}", f"known: {known}")
