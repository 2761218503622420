"""The memory map: what the kernel says of scratch, and what the graph says of who reads it."""

from __future__ import annotations

import itertools

import pytest
from facelite.report.memory import memory_map


@pytest.fixture(scope="module")
def found(student, graph) -> dict:
    return memory_map(student, graph)


def test_everything_lies_inside_scratch_and_nothing_overlaps_while_it_is_needed(found, student):
    for one in found["buffers"]:
        assert 0 <= one["offset"] < one["offset"] + one["bytes"] <= student.info.scratch_bytes
    for one, other in itertools.combinations(found["buffers"], 2):
        together = one["first"] <= other["last"] and other["first"] <= one["last"]
        apart = one["offset"] + one["bytes"] <= other["offset"] or other["offset"] + other["bytes"] <= one["offset"]
        assert apart or not together, (one, other)


def test_what_is_in_use_at_each_step_is_the_sum_of_its_buffers(found, student):
    assert len(found["live"]) == len(found["steps"]) == student.info.ops + 2
    for step, live in enumerate(found["live"]):
        assert live == sum(one["bytes"] for one in found["buffers"] if one["first"] <= step <= one["last"])
    assert 0 < max(found["live"]) <= student.info.scratch_bytes


def test_a_tensor_lives_from_its_operator_to_its_last_reader(found, graph):
    """`body` is read by `branch` and, two frames back, by `residual`: it has a history, and so stays until the end."""
    by_tensor = {(one["tensor"], one["kind"]): one for one in found["buffers"]}
    assert found["steps"] == ["load", *(op.name for op in graph.ops), "save"]
    assert (by_tensor["branch", "frames"]["first"], by_tensor["branch", "frames"]["last"]) == (3, 4)
    assert by_tensor["body", "history"]["bytes"] == 2 * 8
    assert (by_tensor["body", "history"]["first"], by_tensor["body", "history"]["last"]) == (0, len(graph.ops) + 1)
    assert ("branch", "history") not in by_tensor
    assert by_tensor["branch", "rows"]["first"] == by_tensor["branch", "rows"]["last"] == 3
    assert by_tensor["head", "frames"]["last"] == len(graph.ops) + 1


def test_histories_and_waiting_codes_are_all_of_a_state(found, student, graph):
    """What the map says is kept is what a stream has room for; its own fields are below 512 bytes."""
    kept = sum(one["bytes"] for one in found["buffers"] if one["kind"] == "history") + graph.hop
    assert kept < student.info.stream_bytes < kept + 1024
