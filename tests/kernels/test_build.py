"""The CMake project under toolchains and flags that its author did not choose."""

from __future__ import annotations

import ctypes
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from facelite.targets import isa

ROOT = Path(__file__).parents[2]
HEADERS = ROOT / "kernels" / "include" / "facelite"
TOOLCHAINS = ROOT / "targets" / "toolchains"
MACROS = ("__x86_64__", "__i386__", "__aarch64__")
UNKNOWN = "-DCMAKE_C_FLAGS=" + " ".join(f"-U{macro}" for macro in MACROS)
"""Makes of the compiler one for an architecture that nobody has heard of."""

CLANG_CL = """
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_C_COMPILER {folder}/clang-cl)
set(CMAKE_C_COMPILER_TARGET {arch}-pc-windows-msvc)
set(CMAKE_C_FLAGS_INIT "/imsvc{folder} /WX")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
foreach(tool LINKER AR MT RC_COMPILER) # nothing is linked
    set(CMAKE_${{tool}} {true})
endforeach()
"""
WINDOWS_HEADERS = {
    "string.h": """
        #include <stddef.h>
        void *memcpy(void *, const void *, size_t);
        void *memset(void *, int, size_t);
        void *memmove(void *, const void *, size_t);
        int memcmp(const void *, const void *, size_t);
        int strcmp(const char *, const char *);
        size_t strlen(const char *);
    """,
    "stdlib.h": "char *getenv(const char *);",
    "setjmp.h": "typedef int jmp_buf[64];",
    "malloc.h": "",
    "mm_malloc.h": "",
}
"""What the library and clang's own headers need of the Windows SDK's."""


@pytest.fixture
def configure(tmp_path):
    """`configure(*options)`: CMake's answer about the library alone."""

    def configure(*options: str) -> subprocess.CompletedProcess[str]:
        alone = [f"-DFACELITE_{programs}=OFF" for programs in ("TESTS", "BENCH", "TOOLS")]
        command = ["cmake", "-S", ROOT, "-B", tmp_path / "build", *alone, *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return configure


def told(answer: subprocess.CompletedProcess[str]) -> str:
    """stderr as one line."""
    return " ".join(answer.stderr.split())


@pytest.mark.skipif(platform.machine() not in isa.BUILT, reason="there are no tiers for it")
def test_a_toolchain_file_need_not_name_the_processor(configure, tmp_path):
    (tmp_path / "sdk.cmake").write_text("set(CMAKE_SYSTEM_NAME Generic)\n")
    answer = configure(f"-DCMAKE_TOOLCHAIN_FILE={tmp_path / 'sdk.cmake'}")
    assert answer.returncode == 0, answer.stderr
    (tiers,) = re.findall("^-- facelite: tiers (.*)$", answer.stdout, re.MULTILINE)
    assert set(tiers.split()) >= set(isa.BUILT[platform.machine()])


def test_an_unknown_architecture_is_refused_not_slow(configure):
    answer = configure(UNKNOWN)
    assert answer.returncode != 0
    assert "no tier for what this compiler compiles for; FACELITE_REF_ONLY=ON" in told(answer)


def test_several_architectures_at_once_are_refused(configure):
    answer = configure("-DCMAKE_OSX_ARCHITECTURES=x86_64;arm64")
    assert answer.returncode != 0
    assert "one architecture at a time, not x86_64;arm64; join them by lipo" in told(answer)


@pytest.mark.program("gcc")
def test_the_project_s_fast_mathematics_stays_out(build_library):
    """ops.h refuses to compile with it, so that a library that was built has none. Here without tiers, too."""
    folder = build_library("-DFACELITE_REF_ONLY=ON", "-DCMAKE_C_COMPILER=gcc", "-DCMAKE_C_FLAGS=-ffast-math")
    library = ctypes.CDLL(str(folder / "kernels" / "libfacelite.so"))
    library.facelite_isa_available.restype = ctypes.c_char_p
    assert [library.facelite_isa_available(index) for index in range(2)] == [b"ref", None]


@pytest.mark.program("gcc")
@pytest.mark.parametrize("flags", ["=-ffast-math", "=-funsafe-math-optimizations", "_RELEASE=-Ofast"])
def test_whoever_loads_the_library_keeps_denormal_numbers(build_library, flags):
    folder = build_library("-DFACELITE_REF_ONLY=ON", "-DCMAKE_C_COMPILER=gcc", f"-DCMAKE_C_FLAGS{flags}")
    script = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print(float(sys.argv[2]) / 2)"
    command = [sys.executable, "-c", script, folder / "kernels" / "libfacelite.so", "1e-320"]
    assert float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) == 5e-321


@pytest.mark.program("gcc")
@pytest.mark.parametrize(
    ("flag", "advice"),
    [
        ("-ffast-math", "-fno-fast-math"),
        ("-ffinite-math-only", "-fno-fast-math"),
        pytest.param(
            *("-mfpmath=387", "-mfpmath=sse"),
            marks=pytest.mark.skipif(platform.machine() != "x86_64", reason="x86 alone has an x87"),
        ),
    ],
)
def test_inexact_floats_do_not_compile(flag, advice):
    command = ["gcc", "-std=c11", flag, "-fsyntax-only", ROOT / "kernels" / "src" / "floating.c"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert advice in re.findall('#error "facelite\'s floats are exact: (.*)"', answer.stderr)[0]


@pytest.mark.parametrize(
    ("target", "little"), [("powerpc64le-linux-musl", 1), ("powerpc64-linux-musl", 0), ("s390x-linux-musl", 0)]
)
def test_a_big_endian_machine_is_refused(tmp_path, target, little):
    pytest.importorskip("ziglang")
    sources = [f"-I{HEADERS.parent}", "-c", ROOT / "kernels" / "src" / "blob.c", "-o", tmp_path / "blob.o"]
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-std=c11", *sources]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode == 0) == little, answer.stderr
    assert len(re.findall('error: "facelite .*: no big-endian machine can"', answer.stderr)) == 1 - little


def test_a_project_around_it_chooses_the_build_type(tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        f'cmake_minimum_required(VERSION 3.21)\nproject(game C)\nadd_subdirectory("{ROOT}" facelite)\n'
    )
    subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build"], check=True, capture_output=True)
    cache = (tmp_path / "build" / "CMakeCache.txt").read_text()
    assert re.findall("^CMAKE_BUILD_TYPE:.*=(.*)$", cache, re.MULTILINE) in ([], [""])


@pytest.mark.program("clang-19", "wasi-libc")
def test_a_project_around_it_asks_for_the_module_of_the_web(tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        f'cmake_minimum_required(VERSION 3.21)\nproject(game C)\nadd_subdirectory("{ROOT}" facelite)\n'
    )
    configure = ["-G", "Ninja", f"-DCMAKE_TOOLCHAIN_FILE={TOOLCHAINS / 'wasm32-wasi.cmake'}"]
    subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build", *configure], check=True, capture_output=True)
    for target, wanted in (("all", False), ("facelite_web", True)):
        steps = ["cmake", "--build", tmp_path / "build", "--target", target, "--", "-n"]
        listing = subprocess.run(steps, check=True, capture_output=True, text=True).stdout
        assert "libfacelite.a" in listing or target != "all"
        assert ("web/facelite.wasm" in listing) == wanted


@pytest.mark.program("gcc-mingw-w64-x86-64")
def test_the_dll_exports_the_headers_and_nothing_else(build_library):
    folder = build_library(f"-DCMAKE_TOOLCHAIN_FILE={TOOLCHAINS / 'x86_64-w64-mingw32.cmake'}")
    listing = subprocess.run(
        ["x86_64-w64-mingw32-objdump", "-p", folder / "kernels" / "libfacelite.dll"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    exported = re.findall(r"^\t\[ *\d+\][^\n]* (\w+)$", listing.split("[Ordinal/Name Pointer] Table")[1], re.MULTILINE)
    text = "".join((HEADERS / name).read_text() for name in ("facelite.h", "facelite_debug.h"))
    declared = re.findall(r"^FACELITE_API [^;(]*?\b(facelite_\w+)\(", text, re.MULTILINE)
    assert exported == sorted(declared)
    assert len(declared) > 25


@pytest.mark.program("clang-19")
@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
def test_clang_cl_compiles_every_tier(configure, tmp_path, arch):
    """Microsoft's command line, without the Windows SDK: no warning, and each tier has the flags that it insists on."""
    (tmp_path / "clang-cl").symlink_to(shutil.which("clang-19"))
    for name, text in WINDOWS_HEADERS.items():
        (tmp_path / name).write_text(f"#pragma once\n{text}\n")
    (tmp_path / "cl.cmake").write_text(CLANG_CL.format(folder=tmp_path, arch=arch, true=shutil.which("true")))
    answer = configure("-G", "Ninja", f"-DCMAKE_TOOLCHAIN_FILE={tmp_path / 'cl.cmake'}")
    assert answer.returncode == 0, answer.stderr
    build = ["cmake", "--build", tmp_path / "build", "--target", "facelite_objects"]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    names = {path.name for path in (tmp_path / "build").rglob("ops_*.obj")}
    assert names >= {f"ops_{tier}.c.obj" for tier in isa.BUILT[arch]}
