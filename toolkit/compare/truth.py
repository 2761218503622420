"""What runtimes are held against: the float student where the bundle has it, else the int8 oracle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import companding, reference
from ..errors import Unsupported
from ..graph import Graph
from ..runtimes import Heard
from .proof import oracle_stream


@dataclass(frozen=True, eq=False)
class Truth:
    """Real values of every hop and every layer.

    Attributes
    ----------
    name
        What reports call it.
    graph
        The student's int8 graph.
    floating
        The float student operator by operator, or None for one that came quantised.
    """

    name: str
    graph: Graph
    floating: Graph | None

    @classmethod
    def of(cls, bundle: Path, graph: Graph) -> Truth:
        """The float student of the bundle's ONNX file; the oracle when that file is quantised or shaped otherwise."""
        floating = _float_graph(bundle, graph)
        return cls("float student" if floating else "NumPy oracle", graph, floating)

    def stream(self, heard: Heard) -> NDArray[np.float32]:
        """Every hop's frame, float32 [hops, controls], before smoothing."""
        if self.floating is None:
            return reference.dequantise(self.graph, oracle_stream(self.graph, heard))
        frames = reference.run(self.floating, companding.decode(heard.codes))[-1]
        return frames[-heard.pushed // self.graph.hop :]

    def layers(self, window: NDArray[np.int8]) -> list[NDArray[np.float32]]:
        """What each operator makes of a window of codes, float32 [frames, channels]."""
        if self.floating is not None:
            return reference.run(self.floating, companding.decode(window))[1:]
        made = reference.run(self.graph, window)[1:]
        return [real(self.graph, index, codes) for index, codes in enumerate(made)]


def real(graph: Graph, op: int, codes: NDArray[np.int8]) -> NDArray[np.float32]:
    """What codes of operator `op`'s output stand for."""
    quant = graph.tensors[op + 1].quant
    assert quant is not None, "an int8 graph has scales"
    return (codes.astype(np.int32) - quant.zero_point).astype(np.float32) * np.float32(quant.scale)


def _float_graph(bundle: Path, graph: Graph) -> Graph | None:
    from facelite.converters.bundle import ONNX_NAME
    from facelite.converters.frontends import onnx, onnx_file
    from facelite.converters.lower import lower

    from ..spec import StudentSpec

    path = bundle / ONNX_NAME
    try:
        network = onnx.network(onnx_file.read(path), path)
        if network.quantised:
            return None
        spec = StudentSpec(
            name=graph.name,
            sample_rate=graph.sample_rate,
            lookahead=graph.lookahead,
            controls=graph.controls,
            companding=graph.companding,
        )
        found = lower(network, spec)
    except Unsupported:
        return None
    own = [(type(op), tensor.channels, tensor.stride) for op, tensor in zip(graph.ops, graph.tensors[1:], strict=True)]
    theirs = [
        (type(op), tensor.channels, tensor.stride) for op, tensor in zip(found.ops, found.tensors[1:], strict=True)
    ]
    if own != theirs:
        return None
    return replace(found, smoothing=graph.smoothing)
