"""What one hop of a stream computes and keeps: the plan that every streaming file is written from.

The C kernel makes the same plan for itself from the blob (kernels/src/plan.c).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from facelite import reference
from facelite.graph import Graph, history
from numpy.typing import NDArray


@dataclass(frozen=True)
class HopPlan:
    """Frames of each tensor in a hop.

    Attributes
    ----------
    frames
        New ones.
    history
        Older ones that a stream keeps because an operator reads them; they stand before the new ones.
    """

    graph: Graph
    frames: tuple[int, ...]
    history: tuple[int, ...]

    @classmethod
    def of(cls, graph: Graph) -> HopPlan:
        """The plan of a graph, int8 or float."""
        frames = tuple(graph.hop // tensor.stride for tensor in graph.tensors)
        kept = [0] * len(graph.tensors)
        for index, op in enumerate(graph.ops):
            for operand, source in enumerate(op.inputs):
                kept[source] = max(kept[source], _back(graph, index, operand) - (frames[source] - 1))
        return cls(graph, frames, tuple(kept))

    @property
    def state_bytes(self) -> int:
        """Of all histories, one byte a value."""
        return sum(kept * tensor.channels for kept, tensor in zip(self.history, self.graph.tensors, strict=True))

    def first(self, index: int, operand: int) -> int:
        """The oldest frame that operator `index` reads of an operand in a hop, counted from its oldest kept one."""
        source = self.graph.ops[index].inputs[operand]
        return self.history[source] + self.frames[source] - 1 - _back(self.graph, index, operand)


def _back(graph: Graph, index: int, operand: int) -> int:
    """How many frames before the newest one operator `index` reads, for the oldest new output of a hop."""
    op = graph.ops[index]
    made, source = graph.tensors[index + 1], graph.tensors[op.inputs[operand]]
    return history(op, operand) + (graph.hop // made.stride - 1) * (made.stride // source.stride)


def rest(graph: Graph) -> list[NDArray[np.int8]]:
    """The frame [channels] that endless silence makes of each tensor of an int8 graph."""
    return [frames[-1] for frames in reference.run(graph, np.zeros(graph.receptive_field, np.int8))]
