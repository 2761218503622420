"""Settles the int8 scale of every value of a network that carries its scales in quantise nodes of their own (ONNX QDQ).

There a convolution computes real values, and a QuantizeLinear behind it says what their codes mean.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from facelite.graph import Clamp, Function, Quant
from numpy.typing import NDArray

from ..network import Convolution, Network, Node, Pointwise
from .refused import report

FIXED_SCALES = {Function.SIGMOID: Quant(1 / 256, -128), Function.TANH: Quant(1 / 128, 0)}
"""Output scales that TFLite's quantisation specification fixes: the functions reach 0..1 and -1..1 whatever they are
given. ONNX Runtime's quantiser leaves a tanh without a scale."""

_INT32 = np.iinfo(np.int32)


def settle_scales(network: Network) -> Network:
    """Give each value the scale that it is quantised to, and each bias its integers. A float network stays as it is.

    Raises
    ------
    Unsupported
        A value has no scale, weights are not int8, or a bias leaves int32: each node that makes one is named.
    """
    if not network.quantised:
        return network
    network = _with_fixed_scales(_without_quantisers(network))
    report(network, [(node, problem) for node in network.nodes if (problem := _problem(network, node))])
    return replace(network, nodes=tuple(_with_integer_bias(network, node) for node in network.nodes))


def _without_quantisers(network: Network) -> Network:
    values = list(network.values)
    same: dict[int, int] = {}
    for node in filter(_is_quantiser, network.nodes):
        source = same.get(node.inputs[0].value, node.inputs[0].value)
        quant = network.values[node.output].quant
        if values[source].quant is None and _only_becomes(network, source, quant):
            values[source] = replace(values[source], quant=quant)
        if values[source].quant == quant:
            same[node.output] = source
    nodes = [_reading(node, same) for node in network.nodes if node.output not in same]
    output = same.get(network.output, network.output)
    return replace(network, values=tuple(values), nodes=tuple(nodes), output=output)


def _with_fixed_scales(network: Network) -> Network:
    """Sigmoids and tanhs without a scale take theirs; a sigmoid of another is rescaled, for LiteRT knows only one."""
    values, nodes = list(network.values), list[Node]()
    for node in network.nodes:
        fixed = FIXED_SCALES.get(node.function) if isinstance(node, Pointwise) else None
        quant = values[node.output].quant
        if isinstance(node, Pointwise) and fixed is not None and quant is None:
            values[node.output] = replace(values[node.output], quant=fixed)
        elif isinstance(node, Pointwise) and node.function is Function.SIGMOID and quant != fixed:
            values.append(replace(values[node.output], quant=fixed))
            nodes.append(replace(node, output=len(values) - 1))
            operand = replace(node.inputs[0], value=len(values) - 1)
            node = Pointwise(node.kind, f"{node.name}.rescaled", (operand,), node.output)
        nodes.append(node)
    return replace(network, values=tuple(values), nodes=tuple(nodes))


def _is_quantiser(node: Node) -> bool:
    return isinstance(node, Pointwise) and node.function is Function.REQUANTISE and node.clamp is Clamp.NONE


def _only_becomes(network: Network, value: int, quant: Quant | None) -> bool:
    readers = network.readers(value)
    return all(_is_quantiser(reader) and network.values[reader.output].quant == quant for reader in readers)


def _reading(node: Node, same: dict[int, int]) -> Node:
    inputs = tuple(replace(operand, value=same.get(operand.value, operand.value)) for operand in node.inputs)
    return replace(node, inputs=inputs)


def _problem(network: Network, node: Node) -> str:
    if any(network.values[operand.value].quant is None for operand in node.inputs):
        return "its input has no int8 scale"
    if network.values[node.output].quant is None:
        return "its output has no int8 scale"
    if isinstance(node, Convolution) and node.weight_scale is None:
        return "its weights are not int8"
    if isinstance(node, Convolution) and np.abs(_bias_steps(network, node)).max(initial=0) > _INT32.max:
        return "its bias does not fit int32 at the scale of its accumulator"
    return ""


def _with_integer_bias(network: Network, node: Node) -> Node:
    if not isinstance(node, Convolution) or node.bias.dtype == np.int32:
        return node
    return replace(node, bias=_bias_steps(network, node).astype(np.int32))


def _bias_steps(network: Network, node: Convolution) -> NDArray:
    """The bias in steps of the accumulator. QDQ files keep that step as float32, so that codes come back exactly."""
    quant = network.values[node.inputs[0].value].quant
    if node.bias.dtype == np.int32 or quant is None or node.weight_scale is None:
        return node.bias
    step = np.float32(quant.scale) * node.weight_scale
    return np.rint(node.bias / step.astype(np.float64))
