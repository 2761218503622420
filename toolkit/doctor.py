"""What of facelite can run on this machine: programs, packages and the kernel, and how to install what is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from .errors import MissingDependency
from .extras import modules_by_extra

_SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
_DOOM = Path("/usr/share/games/doom")
_FESTVOX_RU = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits/wav")


@dataclass(frozen=True)
class Program:
    """A system program or data package.

    Attributes
    ----------
    name
        As Debian's package is called.
    purpose
        What facelite does with it.
    path
        Where it was found.
    version
        As it reports itself, None where it does not.
    """

    name: str
    purpose: str
    path: str
    version: str | None


@dataclass(frozen=True)
class Package:
    """A Python package of one of facelite's extras; `version` is None where it is missing."""

    module: str
    extra: str
    version: str | None


@dataclass(frozen=True)
class Examination:
    """What `examine` found.

    Attributes
    ----------
    programs
        Name -> the program, or None where it is missing.
    packages
        Every package of every extra.
    kernel
        The instruction sets that the built kernel can use here, strongest last; None where it is not built.
    """

    programs: dict[str, Program | None]
    packages: tuple[Package, ...]
    kernel: tuple[str, ...] | None

    @property
    def remedies(self) -> tuple[str, ...]:
        """The commands that install what is missing."""
        programs = [_PROGRAMS[name].package for name, found in self.programs.items() if found is None]
        extras = sorted({package.extra for package in self.packages if package.version is None})
        commands = []
        if programs:
            commands.append(f"apt-get install -y {' '.join(dict.fromkeys(programs))}")
        if extras:
            commands.append(f"pip install 'facelite[{','.join(extras)}]'")
        if self.kernel is None:
            commands.append("pip install --force-reinstall --no-deps facelite")
        return tuple(commands)


@dataclass(frozen=True)
class _Known:
    """How a program is found: names of its executables, or another way."""

    purpose: str
    package: str
    executables: tuple[str, ...] = ()
    find: Callable[[], str | None] | None = None


_PROGRAMS: dict[str, _Known] = {
    "cc": _Known("builds the kernel and C students", "gcc", ("cc", "gcc", "clang")),
    "c++": _Known("builds the Python binding", "g++", ("c++", "g++", "clang++")),
    "make": _Known("runs the project's commands", "make", ("make",)),
    "espeak-ng": _Known("speech in many languages with phone timings", "espeak-ng", ("espeak-ng",)),
    "flite": _Known("English speech with phone timings", "flite", ("flite",)),
    "festvox-ru": _Known(
        "human Russian speech with phone timings",
        "festvox-ru",
        find=lambda: str(_FESTVOX_RU.parent) if _FESTVOX_RU.is_dir() else None,
    ),
    "fluidsynth": _Known("music that a face must stay still for", "fluidsynth", ("fluidsynth",)),
    "freedoom": _Known(
        "composed music that a face must stay still for",
        "freedoom",
        find=lambda: str(_DOOM) if (_DOOM / "freedoom2.wad").is_file() else None,
    ),
    "fluid-soundfont-gm": _Known(
        "instruments for fluidsynth",
        "fluid-soundfont-gm",
        find=lambda: str(_SOUND_FONT) if _SOUND_FONT.is_file() else None,
    ),
    "aarch64-gcc": _Known(
        "builds the kernel for 64-bit Arm Linux", "gcc-aarch64-linux-gnu", ("aarch64-linux-gnu-gcc",)
    ),
    "qemu-aarch64": _Known("runs Arm programs here", "qemu-user", ("qemu-aarch64",)),
    "chromium": _Known(
        "tests that reports open in a browser", "chromium", ("chromium", "chromium-browser", "google-chrome")
    ),
}


def program(name: str) -> Program | None:
    """The system program `name`, or None where it is not installed.

    Raises
    ------
    KeyError
        facelite uses no program of that name.
    """
    known = _PROGRAMS[name]
    if known.find is not None:
        path = known.find()
        return None if path is None else Program(name, known.purpose, path, _debian_version(known.package))
    path = next((found for executable in known.executables if (found := shutil.which(executable))), None)
    return None if path is None else Program(name, known.purpose, path, _version([path, "--version"]))


def require(name: str, step: str) -> Program:
    """The program `name`, without which `step` cannot be done.

    Raises
    ------
    MissingDependency
        It is not installed; names the command that installs it.
    """
    found = program(name)
    if found is None:
        raise MissingDependency(step, name, f"apt-get install -y {_PROGRAMS[name].package}")
    return found


def purpose(name: str) -> str:
    """What facelite does with the program `name`."""
    return _PROGRAMS[name].purpose


def examine() -> Examination:
    """Look for everything facelite can use; installs and changes nothing."""
    distributions = metadata.packages_distributions()
    packages = tuple(
        Package(module, extra, _module_version(module, distributions))
        for extra, modules in modules_by_extra().items()
        for module in modules
    )
    return Examination({name: program(name) for name in _PROGRAMS}, packages, _kernel())


def _kernel() -> tuple[str, ...] | None:
    try:
        from . import _kernel as kernel
    except ImportError:
        return None
    return tuple(str(tier) for tier in kernel.isa_available())


def _module_version(module: str, distributions: Mapping[str, list[str]]) -> str | None:
    if find_spec(module) is None:
        return None
    names = distributions.get(module)
    return metadata.version(names[0]) if names else "present"


def _version(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found.group() if found else None


def _debian_version(package: str) -> str | None:
    if shutil.which("dpkg-query") is None:
        return None
    return _version(["dpkg-query", "--show", "--showformat=${Version}", package])
