"""Turns a normalised network into a graph: value indices become tensor indices, and time becomes strides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from facelite import requantise
from facelite.companding import CODE_SCALE
from facelite.errors import BadInput
from facelite.graph import Add, Conv, Function, Graph, Map, Mean, Op, Quant, Rounding, Tensor
from facelite.spec import StudentSpec

from .network import Average, Convolution, Network, Node, Pointwise, Sum
from .passes import normalise

INPUT_QUANT = Quant(float(np.float32(CODE_SCALE)), 0)
"""What mu-law codes mean: code / 127."""


def lower(network: Network, spec: StudentSpec) -> Graph:
    """The graph of a network as its file describes it: int8 with the file's scales, or float.

    Raises
    ------
    BadInput
        The model and its spec contradict each other, a tensor has no int8 scale, or an accumulator can overflow.
    Unsupported
        Operators that a student cannot hold, all of them named.
    """
    network = normalise(network)
    return _Lowering(network, spec).graph()


class _Lowering:
    def __init__(self, network: Network, spec: StudentSpec) -> None:
        self.network = network
        self.spec = spec
        self.ops: list[Op] = []
        self.tensors: list[Tensor] = []
        self.index: dict[int, int] = {}

    def graph(self) -> Graph:
        self._input()
        for node in self.network.nodes:
            op, channels, stride = _LOWER[type(node)](self, node)
            self._append(op, node.output, channels, stride)
        graph = self._finish()
        if graph.quantised:
            _check_integers(graph)
        return graph

    def _input(self) -> None:
        """The waveform; when the file's own scale is not 1/127, codes are requantised to it first."""
        value = self.network.values[self.network.input]
        self.tensors.append(Tensor("waveform", 1, 1, INPUT_QUANT if self.network.quantised else None))
        self.index[self.network.input] = 0
        if value.quant != self.tensors[0].quant:
            self._append(Map(requantise.RESCALED_INPUT, 0, Function.REQUANTISE), self.network.input, 1, 1)

    def _append(self, op: Op, value: int, channels: int, stride: int) -> None:
        self.ops.append(op)
        self.tensors.append(Tensor(self.network.values[value].name, channels, stride, self.network.values[value].quant))
        self.index[value] = len(self.tensors) - 1

    def _finish(self) -> Graph:
        spec, network = self.spec, self.network
        window = network.values[network.input].size
        channels = self.tensors[-1].channels
        if channels != len(spec.controls):
            problem = f"controls names {len(spec.controls)} controls, but the model's output has {channels}"
            raise BadInput(spec.source, problem, "give one name an output")
        if not 0 <= spec.lookahead < window:
            problem = f"lookahead is {spec.lookahead} samples, but the model's window has {window}"
            raise BadInput(spec.source, problem, f"give 0 to {window - 1}")
        return Graph(
            spec.name,
            spec.sample_rate,
            window,
            spec.lookahead,
            spec.controls,
            tuple(self.tensors),
            tuple(self.ops),
            spec.companding,
            spec.smoothing,
        )

    def convolution(self, node: Convolution) -> tuple[Op, int, int]:
        operand = node.inputs[0]
        source = self.index[operand.value]
        span = (node.weight.shape[1] - 1) * node.dilation + 1
        # A window's stride starts at its oldest frame; what is left over lies at the newest end.
        delay = operand.delay + (operand.frames - span) % node.stride
        op = Conv(
            node.name,
            source,
            node.weight,
            node.bias if self.network.quantised else node.bias.astype(np.float32),
            node.stride,
            node.dilation,
            delay,
            node.clamp,
            node.weight_scale,
            node.rounding,
        )
        return op, node.weight.shape[0], self.tensors[source].stride * node.stride

    def sum(self, node: Sum) -> tuple[Op, int, int]:
        a, b = node.inputs
        first, second = self.index[a.value], self.index[b.value]
        if self.tensors[first].stride != self.tensors[second].stride:
            sides = " and ".join(
                f"{self.tensors[index].name} [{operand.frames}, {operand.channels}], which steps by "
                f"{self.tensors[index].stride} samples"
                for index, operand in ((first, a), (second, b))
            )
            mend = "sum branches of one stride, or pool the finer to the coarser's"
            raise BadInput(self.network.source, f"{node.name} adds {sides}", mend)
        op = Add(node.name, first, second, a.delay, b.delay, node.clamp)
        return op, a.channels, self.tensors[first].stride

    def average(self, node: Average) -> tuple[Op, int, int]:
        operand = node.inputs[0]
        source = self.index[operand.value]
        op = Mean(node.name, source, operand.frames, operand.delay)
        return op, operand.channels, self.tensors[source].stride

    def pointwise(self, node: Pointwise) -> tuple[Op, int, int]:
        operand = node.inputs[0]
        source = self.index[operand.value]
        op = Map(node.name, source, node.function, node.alpha, node.clamp, node.addend, node.addend_quant)
        return op, operand.channels, self.tensors[source].stride


_LOWER: dict[type[Node], Callable[..., tuple[Op, int, int]]] = {
    Convolution: _Lowering.convolution,
    Sum: _Lowering.sum,
    Average: _Lowering.average,
    Pointwise: _Lowering.pointwise,
}


def _check_integers(graph: Graph) -> None:
    """Every integer parameter can be made: no accumulator overflows, no ADD has an impossible scale."""
    for op in graph.ops:
        if isinstance(op, Conv) and op.rounding is Rounding.FLOATING:
            requantise.conv_scales(op, graph)
        elif isinstance(op, Conv):
            requantise.conv_multipliers(op, graph)
        elif isinstance(op, Add):
            requantise.add_parameters(op, graph)
        elif isinstance(op, Map):
            requantise.map_table(op, graph)
