"""Which bytes of scratch hold what while a hop runs, from the kernel's own plan."""

from __future__ import annotations

from typing import Any

from ..graph import Graph
from ..student import Student


def memory_map(student: Student, graph: Graph) -> dict[str, Any]:
    """Scratch over the steps of a hop.

    Parameters
    ----------
    student
        Loaded: `facelite_debug_place` says where each tensor lies.
    graph
        Its graph: who reads which tensor until when.

    Returns
    -------
    `scratch_bytes`; `steps`, names: loading histories from the state, each operator, saving them; `buffers`, each with
    `tensor`, `kind` ("history": older frames, "frames": new ones, "rows": what a dilated convolution collects first),
    `offset`, `bytes`, and the steps `first` to `last`, both included, in which it holds something that is still read;
    `live`, bytes in use at each step.
    """
    steps = ["load", *(op.name for op in graph.ops), "save"]
    buffers = [one for index in range(len(graph.tensors)) for one in _buffers(student, graph, index)]
    live = [sum(one["bytes"] for one in buffers if one["first"] <= step <= one["last"]) for step in range(len(steps))]
    return {"scratch_bytes": student.info.scratch_bytes, "steps": steps, "buffers": buffers, "live": live}


def _buffers(student: Student, graph: Graph, index: int) -> list[dict[str, Any]]:
    """What tensor `index` occupies; operator i runs in step i + 1 and makes tensor i + 1."""
    place = student._model.places[index]
    save = len(graph.ops) + 1
    name = graph.ops[index - 1].name if index else "input"
    readers = [step for step, op in enumerate(graph.ops, start=1) if index in op.inputs]
    kept = place["history_bytes"]
    last = save if kept or index == len(graph.ops) else max(readers, default=index)
    found = [
        {"kind": "history", "offset": place["scratch_offset"], "bytes": kept, "first": 0, "last": last},
        {
            "kind": "frames",
            "offset": place["scratch_offset"] + kept,
            "bytes": place["frames"] * place["channels"],
            "first": index,
            "last": last,
        },
        {
            "kind": "rows",
            "offset": place["gather_offset"],
            "bytes": place["gather_bytes"],
            "first": index,
            "last": index,
        },
    ]
    return [{"tensor": name, **one} for one in found if one["bytes"]]
