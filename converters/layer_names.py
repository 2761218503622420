"""Gives the operators of an exported Keras student the names of its layers back."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from facelite.graph import Graph


def restored(graph: Graph, layers: Iterable[str]) -> Graph:
    """The graph with each operator under the name of the layer that it comes from.

    tf2onnx keeps TensorFlow's paths, "student_1.front_1.convolution". TensorFlow numbers a name that its graph has met
    before, which is every layer's, or none's. A layer's second operator, its activation, carries the path's last part
    too; what belongs to no known layer keeps its name.
    """
    known, paths = set(layers), [op.name.split(".") for op in graph.ops]
    numbered = not any(part in known and _unnumbered(part) not in known for path in paths for part in path[:-1])
    names: list[str] = []
    for path in paths:
        names.append(_layer(path, known, numbered, names))
    ops = tuple(replace(op, name=name) for op, name in zip(graph.ops, names, strict=True))
    return replace(graph, ops=ops)


def _layer(path: Sequence[str], known: Collection[str], numbered: bool, taken: Sequence[str]) -> str:
    # The innermost name is the layer's own: an outer one may be a model's.
    for part in reversed(path[:-1]):
        found = _unnumbered(part) if numbered else part
        if found in known:
            return found if found not in taken else f"{found}.{path[-1]}"
    return ".".join(path)


def _unnumbered(name: str) -> str:
    return re.sub(r"_\d+$", "", name)
