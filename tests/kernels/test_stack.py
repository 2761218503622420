"""The stack bound that facelite_info states, against gcc's own account of every frame and call."""

from __future__ import annotations

from pathlib import Path

import pytest
from facelite.student import Student

TOOLCHAIN = Path(__file__).parents[2] / "targets" / "toolchains" / "aarch64-linux-gnu.cmake"
GRAPH = "-DCMAKE_C_FLAGS=-fcallgraph-info=su"
SLACK = 512  # memcpy and the like, and the return address of the first call


@pytest.fixture
def stated(blobs) -> int:
    return Student(blobs["zoo"]).info.stack_bytes


@pytest.mark.program("gcc")
def test_no_call_can_need_more_stack_than_stated(c_build, stack_need, stated):
    assert stated / 4 < stack_need(c_build) + SLACK <= stated


@pytest.mark.program("gcc")
def test_nor_in_a_build_for_a_debugger(build_library, stack_need, stated):
    folder = build_library("-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_COMPILER=gcc", GRAPH)
    assert stack_need(folder) + SLACK <= stated


@pytest.mark.program("gcc-aarch64-linux-gnu")
def test_nor_in_one_for_arm(build_library, stack_need, stated):
    folder = build_library("-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_TOOLCHAIN_FILE={TOOLCHAIN}", GRAPH)
    assert stack_need(folder) + SLACK <= stated
