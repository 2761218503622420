"""The stack bound that facelite_info states, against gcc's own account of every frame and call."""

from __future__ import annotations

import pytest
from facelite.student import Student

SLACK = 512  # memcpy and the like, and the return address of the first call


@pytest.mark.program("gcc")
def test_no_call_can_need_more_stack_than_stated(c_build, stack_need, blobs):
    stated = Student(blobs["zoo"]).info.stack_bytes
    assert stated / 4 < stack_need(c_build) + SLACK <= stated
