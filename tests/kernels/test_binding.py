"""What the Python binding says of what it cannot do: always an exception, never a crash."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from facelite import _kernel

MISUSE = """
import sys
import numpy as np
from facelite import _kernel
model = _kernel.Model(open(sys.argv[1], "rb").read())
stream = _kernel.Stream(model)
try:
    {}
except {} as error:
    print(error)
"""
LOAD = """
import sys
from facelite.errors import BadInput
from facelite.student import load
try:
    load(sys.argv[1])
except BadInput as error:
    print(error)
"""


@pytest.fixture
def student(blobs, tmp_path):
    path = tmp_path / "student.facelite"
    path.write_bytes(blobs["zoo"])
    return path


def said(script, path, **environment):
    """What a Python of its own prints, which a crash would end."""
    command = [sys.executable, "-c", script, path]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.returncode} {done.stderr}"
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("call", "error", "problem"),
    [
        ("_kernel.Stream(None)", "TypeError", "incompatible constructor arguments"),
        ("_kernel.Crowd([stream, None])", "ValueError", "no place for None"),
        ("_kernel.Crowd([stream]).time_hops(np.zeros((1, 256), np.float32), 0)", "ValueError", "hop must be above 0"),
    ],
)
def test_misuse_does_not_crash(student, call, error, problem):
    assert problem in said(MISUSE.format(call, error), student)


def test_a_mistyped_instruction_set_is_the_variables_fault(student):
    message = said(LOAD, student, FACELITE_ISA="avx3")
    assert message.startswith("FACELITE_ISA: 'avx3' is unknown, or not available here; unset it, or set one of ref")
    assert message.endswith(", ".join(_kernel.isa_available()))
    assert said(LOAD, student, FACELITE_ISA="ref") == ""


def test_a_damaged_student_is_its_own_fault_whatever_the_instruction_set(student):
    student.write_bytes(student.read_bytes()[:-1])
    assert said(LOAD, student, FACELITE_ISA="avx3").startswith(f"{student}: ")
