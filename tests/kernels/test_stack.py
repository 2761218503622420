"""The stack bound that facelite_info states, against gcc's own account of every frame and call."""

from __future__ import annotations

import re

import pytest
from facelite.student import Student

NODE = re.compile(r'node: \{ title: "(?P<title>[^"]+)" label: "(?P<label>[^"]*)"')
EDGE = re.compile(r'edge: \{ sourcename: "(?P<source>[^"]+)" targetname: "(?P<target>[^"]+)"')
FRAME = re.compile(r"(?P<bytes>\d+) bytes \((?P<kind>[^)]*)\)")
INDIRECT = "__indirect_call"


def call_graph(folder):
    """Frame bytes and callees of every function; local functions are named file:function by gcc."""
    frames, calls = {}, {}
    for file in folder.rglob("*.ci"):
        text = file.read_text()
        for node in NODE.finditer(text):
            found = FRAME.search(node["label"])
            if found:
                assert found["kind"] == "static", f"{node['title']} has a stack frame of unbounded size"
                frames[node["title"]] = int(found["bytes"])
        for edge in EDGE.finditer(text):
            calls.setdefault(edge["source"], set()).add(edge["target"])
    return frames, calls


@pytest.mark.program("gcc")
def test_no_call_can_need_more_stack_than_stated(c_build, blobs):
    frames, calls = call_graph(c_build)
    slots = [name for name in frames if "ops_" in name]
    assert len(slots) > 5
    calls[INDIRECT] = set(slots)  # every call through a pointer goes to an operator of some tier

    def deepest(name, above=()):
        assert name not in above, f"{name} calls itself"
        below = (deepest(callee, (*above, name)) for callee in calls.get(name, ()))
        return frames.get(name, 0) + max(below, default=0)

    public = [name for name in frames if name.startswith("facelite_")]
    worst = max(deepest(name) for name in public)
    stated = Student(blobs["zoo"]).info.stack_bytes
    slack = 512  # memcpy and the like, and the return address of the first call
    assert stated / 4 < worst + slack <= stated
