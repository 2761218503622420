"""Takes normalisations and other scalings of channels into the weights of a convolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from facelite.graph import Clamp
from numpy.typing import NDArray

from ..network import Affine, Convolution, Network, Node
from .refused import report

MAX_CHANNELS = 4096
"""Widest scaling that becomes a convolution of its own: its weights are the square of that."""


def fold_affine(network: Network) -> Network:
    """Fold each `Affine` into the convolution before it, or into every convolution behind it, or make it one.

    All three are exact in real numbers, since no convolution pads. Products are formed in float64.

    Raises
    ------
    Unsupported
        A quantised network scales channels after it rounded them: the product of two scales is no scale of ours.
    """
    for node in network.nodes:
        if isinstance(node, Affine):
            network = _without(network, node)
    return network


def _without(network: Network, node: Affine) -> Network:
    source = next((other for other in network.nodes if other.output == node.inputs[0].value), None)
    readers = network.readers(node.output)
    convolutions = [reader for reader in readers if isinstance(reader, Convolution)]
    replaced: dict[int, Node | None]
    if isinstance(source, Convolution) and _takes(network, source, node):
        replaced = {source.output: _after(source, node), node.output: None}
    elif network.quantised:
        report(network, [(node, "scales channels between two int8 values; fold it into its convolution before")])
    elif readers and node.output != network.output and len(convolutions) == len(readers):
        replaced = {reader.output: _before(reader, node) for reader in convolutions}
        replaced[node.output] = None
    else:
        if node.inputs[0].channels > MAX_CHANNELS:
            report(network, [(node, f"scales {node.inputs[0].channels} channels, more than {MAX_CHANNELS}")])
        replaced = {node.output: _alone(node)}
    kept = [replaced.get(other.output, other) for other in network.nodes]
    return replace(network, nodes=tuple(other for other in kept if other is not None))


def _takes(network: Network, source: Convolution, node: Affine) -> bool:
    """Whether the convolution's own output is needed by nobody else, and its weights can be scaled."""
    free = source.clamp is Clamp.NONE and len(network.readers(source.output)) == 1
    if source.weight_scale is None:
        return free
    return free and network.values[source.output].quant is None and bool(np.all(node.scale == 1))


def _after(source: Convolution, node: Affine) -> Convolution:
    """``scale * (W x + b) + shift``."""
    channels = len(source.weight)
    scale, shift = np.broadcast_to(node.scale, channels), np.broadcast_to(node.shift, channels)
    weight = source.weight
    if source.weight_scale is None:
        weight = (weight * scale[:, None, None]).astype(np.float32)
    return replace(source, weight=weight, bias=source.bias * scale + shift, output=node.output)


def _before(reader: Convolution, node: Affine) -> Convolution:
    """``W (scale * x + shift) + b``."""
    channels = reader.weight.shape[2]
    wide: NDArray[np.float64] = reader.weight.astype(np.float64)
    bias = reader.bias + wide.sum(1) @ np.broadcast_to(node.shift, channels)
    operand = replace(reader.inputs[0], value=node.inputs[0].value, delay=reader.inputs[0].delay)
    weight = (wide * np.broadcast_to(node.scale, channels)).astype(np.float32)
    return replace(reader, inputs=(operand,), weight=weight, bias=bias)


def _alone(node: Affine) -> Node:
    """A convolution of one frame with the scales on its diagonal."""
    channels = node.inputs[0].channels
    weight = np.diag(np.broadcast_to(node.scale, channels)).astype(np.float32)[:, None, :]
    bias = np.broadcast_to(node.shift, channels).copy()
    return Convolution(node.kind, node.name, node.inputs, node.output, weight, bias)
