"""A look inside runtimes: what each operator of the graph makes, where a runtime shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import companding, reference, runtimes
from ..graph import Graph
from ..runtimes import Heard

Inside = list[NDArray | None]
"""For each operator its frames [frames, channels], codes or real values, the newest last; None where hidden."""


class Peek(Protocol):
    """Shows the inside of the runtime of the same name at one hop."""

    name: str

    def __call__(self, heard: Heard, hop: int) -> Inside: ...


class OraclePeek:
    """The NumPy oracle on a window."""

    def __init__(self, graph: Graph) -> None:
        self.name, self._graph = runtimes.Oracle.name, graph

    def __call__(self, heard: Heard, hop: int) -> Inside:
        return list(reference.run(self._graph, heard.window_at(hop))[1:])


class KernelPeek:
    """A tier of the C kernel, through its observer: the hop's new frames."""

    def __init__(self, kernel: runtimes.Kernel) -> None:
        self.name, self._kernel = kernel.name, kernel

    def __call__(self, heard: Heard, hop: int) -> Inside:
        return list(self._kernel.layers(heard, hop))


class LiteRtPeek:
    """LiteRT on a window, its file changed only in that every layer's tensor is an output."""

    def __init__(self, model: bytes, graph: Graph, xnnpack: bool = False) -> None:
        wanted = [tensor.name for tensor in graph.tensors[1:]]
        opened, self._shown = _opened(model, wanted)
        self._runtime = runtimes.LiteRt(opened, graph, xnnpack)
        self.name, self._graph = self._runtime.name, graph

    def __call__(self, heard: Heard, hop: int) -> Inside:
        made = iter(self._runtime.outputs(heard.window_at(hop)))
        tensors = self._graph.tensors[1:]
        return [
            next(made).reshape(-1, tensor.channels) if shown else None
            for tensor, shown in zip(tensors, self._shown, strict=True)
        ]


class OnnxPeek:
    """ONNX Runtime on a window, every layer that our frontend names made an output; float files alone.

    An ONNX file does not say which axis of a tensor is time. Where both readings fit, the one nearer to `like`, what
    the layer should be, is taken.
    """

    def __init__(self, model: bytes, graph: Graph, floating: Graph) -> None:
        self.name, self._graph, self._floating = runtimes.OnnxRuntime.name, graph, floating
        opened, self._names = _opened_onnx(model, [tensor.name for tensor in floating.tensors[1:]])
        self._runtime = runtimes.OnnxRuntime(opened, graph)

    def __call__(self, heard: Heard, hop: int) -> Inside:
        window = companding.decode(heard.window_at(hop))
        made = self._runtime.outputs(window, [name for name in self._names if name])
        truth = reference.run(self._floating, window)[1:]
        found = iter(made)
        return [_frames(next(found), like) if name else None for name, like in zip(self._names, truth, strict=True)]


def _frames(values: NDArray, like: NDArray) -> NDArray | None:
    """A tensor of any layout as [frames, channels]; None when it has another number of channels."""
    frames, channels = values.size // like.shape[1], like.shape[1]
    shape = [size for size in values.shape if size != 1]
    readings = []
    if shape in ([frames, channels], [channels], [frames]) and values.size == frames * channels:
        readings.append(values.reshape(frames, channels))
    if shape == [channels, frames]:
        readings.append(values.reshape(channels, frames).T)
    common = min(len(like), frames)
    return min(readings, key=lambda one: float(np.abs(one[-common:] - like[-common:]).max(initial=0)), default=None)


def _opened(model: bytes, wanted: Sequence[str]) -> tuple[bytes, list[bool]]:
    """A TFLite file whose outputs are the tensors named, as far as it has them, in that order."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    opened = schema.ModelT.InitFromPackedBuf(model, 0)
    graph = opened.subgraphs[0]
    index = {tensor.name.decode(): place for place, tensor in enumerate(graph.tensors)}
    graph.outputs = [index[name] for name in wanted if name in index]
    opened.signatureDefs = None
    builder = flatbuffers.Builder(len(model))
    builder.Finish(opened.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output()), [name in index for name in wanted]


def _opened_onnx(model: bytes, wanted: Sequence[str]) -> tuple[bytes, list[str | None]]:
    """An ONNX file that also gives the layers named, and the names of its own for them."""
    import onnx
    from facelite.converters.frontends.onnx import layer_name
    from facelite.converters.frontends.onnx_file import RawNode

    opened: Any = onnx.load_from_string(model)
    made: dict[str, str] = {}
    for node in opened.graph.node:
        record = RawNode(node.op_type, node.name, tuple(node.input), tuple(node.output), {})
        made[layer_name(record)] = node.output[0]
    names = [made.get(name) for name in wanted]
    own = {value.name for value in opened.graph.output}
    for name in dict.fromkeys(filter(None, names)):
        if name not in own:
            opened.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    return opened.SerializeToString(), names
