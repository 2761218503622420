"""Quantised graph -> int8 TFLite of one hop, its state explicit: `student_stream_int8.tflite`.

Inputs are a hop of codes and the history of every tensor that an operator reads further back than the hop; outputs are
the frame and those histories, renewed, under the same names. With the windowed file's scales every operator computes
the same integers, so that the frame equals the windowed one as soon as the histories hold what the window holds.
"""

from __future__ import annotations

import numpy as np
from facelite.graph import Graph
from numpy.typing import NDArray

from .hop import HopPlan, rest
from .tflite_file import File


def pack(graph: Graph, pcm: bool = False) -> bytes:
    """The file: `waveform` int8 [1, hop, 1], or int16 PCM, and states -> `controls` int8 [1, controls] and states.

    State ``state_i`` is int8 [1, 1, frames, channels], the oldest frame first. What it holds before the first sample is
    `rest_states`; receptive field / hop hops of silence bring any other content there.

    Raises
    ------
    BadInput
        The graph is float.
    """
    return _HopFile(graph, pcm).build()


def rest_states(graph: Graph) -> dict[str, NDArray[np.int8]]:
    """The states after endless silence, by name."""
    frames, plan = rest(graph), HopPlan.of(graph)
    return {
        _state(index): np.broadcast_to(frames[index], (1, 1, kept, len(frames[index]))).copy()
        for index, kept in enumerate(plan.history)
        if kept
    }


def _state(index: int) -> str:
    return f"state_{index}"


class _HopFile(File):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.plan = HopPlan.of(self.graph)
        self.frames = list(self.plan.frames)
        self.available = [new + kept for new, kept in zip(self.plan.frames, self.plan.history, strict=True)]

    def build(self) -> bytes:
        graph, kept = self.graph, [index for index, frames in enumerate(self.plan.history) if frames]
        waveform, new = self.hear(graph.hop)
        given = {"waveform": waveform, **{_state(index): self._history(index, "state") for index in kept}}
        made: dict[str, int] = {}
        for index in range(len(graph.tensors)):
            new = self.write(index - 1) if index else new
            if index in kept:
                self.tensors.append(self._with_history(given[_state(index)], new, index))
                made[_state(index)] = self._renewed(index)
            else:
                self.tensors.append(new)
        made = {"controls": self.controls(new), **made}
        self.writer.sign(given, made)
        return self.writer.build(list(given.values()), list(made.values()))

    def _history(self, index: int, name: str) -> int:
        shape = [1, 1, self.plan.history[index], self.graph.tensors[index].channels]
        return self.activation(f"{name}_{index}", shape, index)

    def _with_history(self, history: int, new: int, index: int) -> int:
        shape = [1, 1, self.available[index], self.graph.tensors[index].channels]
        target = self.activation(f"frames_{index}", shape, index)
        self.join([history, new], target)
        return target

    def _renewed(self, index: int) -> int:
        kept, new = self.plan.history[index], self.plan.frames[index]
        return self.slice(self.tensors[index], f"next_{index}", index, new, kept)
