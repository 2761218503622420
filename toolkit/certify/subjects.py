"""What a certificate examines: the C kernel's streams, the NumPy oracle, and runtimes that are given windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .. import _kernel, companding, reference
from ..graph import Graph
from ..runtimes import Heard, Runtime
from ..student import Stream, Student
from .context import Context, context
from .disturb import Pcm

PIECES = (1, 97, 2600, 256)
"""Samples that a stream is pushed at a time, in turn: frames must not depend on it."""


class Subject(Protocol):
    """Something that animates a clip, and what it claims to hear."""

    name: str
    context: Context

    def __call__(self, pcm: Pcm, frame: int) -> NDArray:
        """Frames up to and with `frame`, [n, controls]: all, or as many of the newest as can change."""
        ...

    def punctual(self, pcm: Pcm, frames: Sequence[int]) -> bool | None:
        """Whether frames come out with the sample that completes them; None where nothing is pushed."""
        ...


class KernelStream:
    """One tier of the C kernel, pushed as an engine does.

    The clip is pushed until the frame is out, and on to the end of that push: what was given cannot change after.
    """

    def __init__(self, blob: bytes, graph: Graph, tier: str, smoothing: bool, rate: int | None = None) -> None:
        _kernel.isa_force(tier)
        try:
            self._student = Student(blob)
        finally:
            _kernel.isa_force(None)
        self.name = f"C kernel, {tier}"
        self._smoothing, self._rate = smoothing, rate
        self.context = context(graph, self._stream().latency, rate)

    def __call__(self, pcm: Pcm, frame: int) -> NDArray[np.float32]:
        stream = self._stream()
        pieces, frames, at, given = cycle(PIECES), [], 0, 0
        while given <= frame and at < len(pcm):
            piece = next(pieces)
            frames.append(stream.push(pcm[at : at + piece]))
            at, given = at + piece, given + len(frames[-1])
        return np.concatenate([*frames, stream.flush()])[: frame + 1]

    def _stream(self) -> Stream:
        return self._student.stream(smoothing=self._smoothing, sample_rate=self._rate)

    def punctual(self, pcm: Pcm, frames: Sequence[int]) -> bool:
        stream = self._stream()
        heard = given = 0
        for frame in frames:
            due = self.context.due(frame)
            given += len(stream.push(pcm[heard : due - 1]))
            early = given > frame
            given += len(stream.push(pcm[due - 1 : due]))
            heard = due
            if early or given != frame + 1:
                return False
        return True


class OracleStream:
    """The NumPy oracle at the student's own rate, over the clip up to half a second after the frame."""

    name = "NumPy oracle"

    def __init__(self, graph: Graph, claim: Context) -> None:
        self._graph = graph
        self.context = claim

    def __call__(self, pcm: Pcm, frame: int) -> NDArray[np.float32]:
        heard = pcm[: self.context.cut(frame) + self.context.rate // 2]
        codes = companding.encode(heard, self._graph.companding)
        return reference.animate(self._graph, codes, self.context.smoothing > 0)[: frame + 1]

    def punctual(self, pcm: Pcm, frames: Sequence[int]) -> None:
        return None


class Windows:
    """A runtime that is given a window for each frame, with silence before the clip and after it.

    A frame's three neighbours are run with it; a window that was seen before is answered from memory.
    """

    LOOKED_AT = 3

    def __init__(self, runtime: Runtime, graph: Graph, claim: Context) -> None:
        self.name = f"{runtime.name}, windowed"
        self.context = claim
        self._runtime, self._graph = runtime, graph
        self._known: dict[bytes, NDArray] = {}

    def __call__(self, pcm: Pcm, frame: int) -> NDArray[np.float32]:
        codes = companding.encode(pcm, self._graph.companding)
        smoothing = self.context.smoothing > 0
        first = max(0, frame + 1 - self.LOOKED_AT)
        last = -(-len(codes) // self._graph.hop) - 1
        wanted = range(max(0, first - smoothing), min(frame + smoothing, last) + 1)
        frames = np.stack([self._frame(codes, index) for index in wanted])
        if smoothing:
            frames = reference.smooth(frames)
        return frames[first - wanted[0] : frame + 1 - wanted[0]]

    def punctual(self, pcm: Pcm, frames: Sequence[int]) -> None:
        return None

    def _frame(self, codes: NDArray[np.int8], index: int) -> NDArray[np.float32]:
        graph = self._graph
        end = index * graph.hop + graph.lookahead
        window = np.zeros(graph.window, np.int8)
        heard = codes[max(0, end - graph.window) : end]
        start = max(0, graph.window - end)
        window[start : start + len(heard)] = heard
        key = window.tobytes()
        if key not in self._known:
            self._known[key] = self._run(window)
        return self._known[key]

    def _run(self, window: NDArray[np.int8]) -> NDArray[np.float32]:
        heard = Heard(window, np.zeros(1, np.int64), self._graph.window, self._graph.hop)
        values = self._runtime(heard)[0]
        return values if self._runtime.quant is None else reference.dequantise(self._graph, values)
