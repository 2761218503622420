"""Sizes of code read from archives agree with binutils' `size`."""

from __future__ import annotations

import subprocess

import pytest
from facelite.targets.cross.sections import Sections, members, sections

SOURCE = """
const int table[100] = {1};
int counter = 7;
static int room[1000];
int twice(int value) { counter += value; return table[value % 100] + room[value % 1000]; }
"""
COMPILERS = {
    "elf": pytest.param("gcc", "ar", "size", marks=pytest.mark.program("gcc")),
    "elf-arm": pytest.param(
        *(f"aarch64-linux-gnu-{name}" for name in ("gcc", "ar", "size")),
        marks=pytest.mark.program("gcc-aarch64-linux-gnu"),
    ),
    "coff": pytest.param(
        *(f"x86_64-w64-mingw32-{name}" for name in ("gcc", "ar", "size")),
        marks=[pytest.mark.program("gcc-mingw-w64-x86-64"), pytest.mark.slow],  # slow: CI installs no such compiler
    ),
}


@pytest.mark.parametrize(("compiler", "ar", "size"), COMPILERS.values(), ids=COMPILERS)
def test_text_and_data_are_those_of_binutils(tmp_path, compiler, ar, size):
    names = ["a.o", "a_name_that_is_too_long_for_the_header.o"]
    for name in names:
        (tmp_path / "code.c").write_text(SOURCE.replace("counter", f"counter_{len(name)}"))
        subprocess.run([compiler, "-O2", "-g", "-c", "code.c", "-o", name], cwd=tmp_path, check=True)
    subprocess.run([ar, "qc", "lib.a", *names], cwd=tmp_path, check=True)
    found = list(members((tmp_path / "lib.a").read_bytes()))
    assert [name for name, _ in found] == names
    total = sum((sections(body) for _, body in found), Sections())
    lines = subprocess.run([size, "lib.a"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    text, data = (sum(int(line.split()[column]) for line in lines.splitlines()[1:]) for column in (0, 1))
    assert (total.text, total.data) == (text, data)
    assert total.code > 0


@pytest.mark.slow
@pytest.mark.program("clang-19")
def test_webassembly_counts_its_code_section(tmp_path):
    (tmp_path / "code.c").write_text(SOURCE)
    command = ["clang-19", "--target=wasm32", "-O2", "-c", "code.c", "-o", "code.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    found = sections((tmp_path / "code.o").read_bytes())
    assert found.constants > 400  # the table
    assert 20 < found.code < 200


def test_an_unknown_format_has_no_size_and_no_archive_is_an_error():
    assert sections(b"\xfe\xed\xfa\xcf" + bytes(100)) is None
    with pytest.raises(ValueError, match="archive"):
        list(members(b"no archive"))
