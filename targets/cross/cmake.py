"""Runs CMake: configure, build, install. The machine's own flags and settings stay out, so that builds repeat."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from facelite.errors import FaceliteError

from .compilers import Toolchain, program

EPOCH = "315532800"
"""1980-01-01, where SOURCE_DATE_EPOCH names no other time: the first that every archive format can hold."""

_MEANT_FOR_OTHERS = frozenset(
    ("CC", "CPPFLAGS", "LDFLAGS", "DESTDIR", "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "CMAKE_TOOLCHAIN_FILE")
)
_OPTIONS = ("FACELITE_TESTS=OFF", "FACELITE_BENCH=OFF", "FACELITE_TOOLS=ON", "FACELITE_INSTALL=ON")


def build(source: Path, folder: Path, stage: Path, toolchain: Toolchain, options: Sequence[str]) -> None:
    """Build the CMake project in `source` inside `folder` and install library and tools into `stage`.

    Raises
    ------
    FaceliteError
        A step failed; its text holds what the compiler said.
    MissingDependency
        There is no CMake or no Ninja.
    """
    cmake = str(program("cmake"))
    given = [*_OPTIONS, *toolchain.options, *options, f"CMAKE_MAKE_PROGRAM={program('ninja')}"]
    if toolchain.file is not None:
        given.append(f"CMAKE_TOOLCHAIN_FILE={toolchain.file}")
    fixed = ["CMAKE_BUILD_TYPE=Release", "CMAKE_EXPORT_COMPILE_COMMANDS=ON", "CMAKE_INSTALL_LIBDIR=lib"]
    definitions = [f"-D{one}" for one in (*fixed, *given)]
    environment = _environment(source)
    _run([cmake, "-S", str(source), "-B", str(folder), "-G", "Ninja", *definitions], environment)
    _run([cmake, "--build", str(folder)], environment)
    for component in ("Unspecified", "tools"):
        _run([cmake, "--install", str(folder), "--prefix", str(stage), "--component", component], environment)


def compile_flags(folder: Path, source: Path) -> dict[str, list[str]]:
    """Flags that each file of the library was compiled with: path below kernels/src -> flags, without paths of ours."""
    kernel, flags = source / "kernels" / "src", {}
    for entry in json.loads((folder / "compile_commands.json").read_text(encoding="utf-8")):
        file = Path(entry["file"])
        if file.is_relative_to(kernel):
            words = shlex.split(entry["command"])
            start = next(index for index, word in enumerate(words) if word.startswith(("-D", "-I")))
            end = words.index("-o")
            flags[file.relative_to(kernel).as_posix()] = [
                word for word in words[start:end] if str(source) not in word and not word.startswith("-I")
            ]
    return flags


def compiler_version(folder: Path) -> dict[str, str]:
    """`id` ("GNU", "Clang"), `version` and `cmake`, as CMake found them."""
    found = {"cmake": "", "id": "", "version": ""}
    for path in folder.glob("CMakeFiles/*/CMakeCCompiler.cmake"):
        found["cmake"] = path.parent.name
        for line in path.read_text(encoding="utf-8").splitlines():
            for key in ("id", "version"):
                if line.startswith(f"set(CMAKE_C_COMPILER_{key.upper()} "):
                    found[key] = line.split('"')[1]
    return found


def _environment(source: Path) -> dict[str, str]:
    """No CFLAGS and the like but our own: no path of this machine in what is compiled, one time for all builds."""
    kept = {key: value for key, value in os.environ.items() if key not in _MEANT_FOR_OTHERS}
    return {
        **kept,
        "CFLAGS": f'-g0 "-ffile-prefix-map={source}=facelite"',
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", EPOCH),
        "LC_ALL": "C",
    }


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + "\n" + done.stderr).splitlines()
        telling = [line for line in said if "rror" in line or "not found" in line] or said[-3:]
        raise FaceliteError(f"{Path(command[0]).name} failed: {'; '.join(line.strip() for line in telling[:3])}")
