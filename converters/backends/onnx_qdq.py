"""Quantised graph -> ONNX whose int8 is written as QuantizeLinear and DequantizeLinear pairs: `student_int8.onnx`.

Every scale, zero point, weight and bias is the graph's. Runtimes compute between the pairs as they like, ONNX Runtime
in float scales, so that a code may differ by its rounding from the graph's own arithmetic (docs/ir.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from facelite.graph import Add, Clamp, Conv, Function, Graph, Map, Mean, Op, Quant
from facelite.requantise import RESCALED_INPUT, quant_of
from numpy.typing import NDArray

from .onnx import OPSET
from .tflite_file import frames_needed, reads

_IR_VERSION = 8
"""Of ONNX's file format: the one that came with opset 17."""

_FUNCTIONS = {Function.SIGMOID: "Sigmoid", Function.TANH: "Tanh"}


def pack(graph: Graph) -> bytes:
    """The file: waveform float32 [batch, window, 1] -> controls float32 [batch, controls], both companded and real.

    Raises
    ------
    BadInput
        The graph is float.
    """
    return _File(graph).build()


class _File:
    """A file in the making; a sequence is [batch, channels, frames], the newest frame last."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.frames = [graph.window, *frames_needed(graph)[1:]]
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray] = {}
        self.tensors: list[str] = []
        self.names = _names(graph)

    def build(self) -> bytes:
        """The bytes of the file."""
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        graph = self.graph
        heard = self.node("Transpose", ["waveform"], "waveform.channels_first", perm=[0, 2, 1])
        self.tensors.append(self.quantised(heard, "waveform.codes", quant_of(graph, 0)))
        for index, op in enumerate(graph.ops):
            made = _WRITERS[type(op)](self, op, index + 1)
            self.tensors.append(self.quantised(made, f"{self.names[index]}.output", quant_of(graph, index + 1)))
        self.constants["controls.shape"] = np.array([-1, len(graph.controls)], np.int64)
        self.node("Reshape", [self.tensors[-1], "controls.shape"], "controls")
        ends = (("waveform", ["batch", graph.window, 1]), ("controls", ["batch", len(graph.controls)]))
        given, made = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends)
        constants = [numpy_helper.from_array(values, name) for name, values in self.constants.items()]
        body = helper.make_graph(self.nodes, graph.name, [given], [made], constants)
        model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="facelite")
        model.ir_version = _IR_VERSION
        onnx.checker.check_model(model)
        return model.SerializeToString(deterministic=True)

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Append a node; returns its output's name."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), [output], output, **attributes))
        return output

    def quantised(self, source: str, name: str, quant: Quant) -> str:
        """What a value becomes as int8 codes and back."""
        parameters = [f"{name}.scale", f"{name}.zero_point"]
        self.constants[parameters[0]] = np.array(quant.scale, np.float32)
        self.constants[parameters[1]] = np.array(quant.zero_point, np.int8)
        codes = self.node("QuantizeLinear", [source, *parameters], f"{name}.int8")
        return self.node("DequantizeLinear", [codes, *parameters], name)

    def constant(self, name: str, codes: NDArray, scale: NDArray[np.float32]) -> str:
        """Weights or a bias as codes with a scale for each index of the first axis."""
        self.constants[f"{name}.codes"], self.constants[f"{name}.scale"] = codes, scale
        self.constants[f"{name}.zero_point"] = np.zeros(len(scale), codes.dtype)
        return self.node(
            "DequantizeLinear", [f"{name}.{part}" for part in ("codes", "scale", "zero_point")], name, axis=0
        )

    def read(self, op: Op, operand: int, index: int) -> str:
        """What `op`, which makes tensor `index`, reads of its operand: all frames, or a slice of them."""
        source = op.inputs[operand]
        wanted, newer = reads(op, operand, self.frames[index])
        oldest = self.frames[source] - wanted - newer
        if oldest == 0 and newer == 0:
            return self.tensors[source]
        name = f"{self.names[index - 1]}.input{operand}"
        for part, value in (("start", oldest), ("stop", oldest + wanted), ("axis", 2)):
            self.constants[f"{name}.{part}"] = np.array([value], np.int64)
        limits = [f"{name}.{part}" for part in ("start", "stop", "axis")]
        return self.node("Slice", [self.tensors[source], *limits], name)

    def limited(self, source: str, op: Conv | Add | Map, index: int) -> str:
        """A value with the limits of the operator that makes tensor `index`."""
        name = f"{self.names[index - 1]}.limited"
        if op.clamp is Clamp.NONE:
            return source
        if op.clamp is Clamp.RELU:
            return self.node("Relu", [source], name)
        for part, bound in zip(("low", "high"), op.clamp.bounds, strict=True):
            self.constants[f"{name}.{part}"] = np.array(bound, np.float32)
        return self.node("Clip", [source, f"{name}.low", f"{name}.high"], name)

    def conv(self, op: Conv, index: int) -> str:
        assert op.weight_scale is not None  # of a quantised graph, which quant_of has checked
        weights = np.ascontiguousarray(op.weight.transpose(0, 2, 1))
        steps = np.float32(quant_of(self.graph, op.input).scale) * op.weight_scale
        inputs = [
            self.read(op, 0, index),
            self.constant(f"{self.names[index - 1]}.weight", weights, op.weight_scale),
            self.constant(f"{self.names[index - 1]}.bias", op.bias, steps),
        ]
        made = self.node("Conv", inputs, f"{self.names[index - 1]}.sum", strides=[op.stride], dilations=[op.dilation])
        return self.limited(made, op, index)

    def add(self, op: Add, index: int) -> str:
        operands = [self.read(op, 0, index), self.read(op, 1, index)]
        return self.limited(self.node("Add", operands, f"{self.names[index - 1]}.sum"), op, index)

    def mean(self, op: Mean, index: int) -> str:
        return self.node("ReduceMean", [self.read(op, 0, index)], f"{self.names[index - 1]}.mean", axes=[2], keepdims=1)

    def map(self, op: Map, index: int) -> str:
        source, name = self.read(op, 0, index), f"{self.names[index - 1]}.values"
        if op.function is Function.LEAKY_RELU:
            return self.node("LeakyRelu", [source], name, alpha=op.alpha)
        if op.function in _FUNCTIONS:
            return self.node(_FUNCTIONS[op.function], [source], name)
        if op.function is Function.ADD_CONSTANT and op.addend_quant is not None:
            real = (op.addend - op.addend_quant.zero_point) * op.addend_quant.scale
            self.constants[f"{name}.addend"] = np.array(real, np.float32)
            source = self.node("Add", [source, f"{name}.addend"], name)
        return self.limited(source, op, index)


_WRITERS: dict[type, Callable[[_File, Any, int], str]] = {
    Conv: _File.conv,
    Add: _File.add,
    Mean: _File.mean,
    Map: _File.map,
}


def _names(graph: Graph) -> list[str]:
    """A name for each operator's nodes: the layer's, told apart by a number where several have one."""
    names: list[str] = []
    for index, op in enumerate(graph.ops):
        name = "rescaled_codes" if op.name == RESCALED_INPUT else op.name
        names.append(name if name not in names else f"{name}.{index}")
    return names
