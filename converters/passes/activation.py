"""Lets a node limit its own output where an activation of its own did."""

from __future__ import annotations

from dataclasses import replace

from facelite.graph import Clamp, Function

from ..network import Convolution, Network, Node, Pointwise, Sum


def fuse_activations(network: Network) -> Network:
    """Move each ReLU into the convolution or sum before it, if nothing else reads that one's output.

    Between two different int8 scales nothing is fused: LiteRT rounds at each of them. From one scale to itself a ReLU
    only limits.
    """
    made_by = {node.output: node for node in network.nodes}
    fused: dict[int, Node] = {}
    dropped: set[int] = set()
    for node in network.nodes:
        source = made_by.get(node.inputs[0].value)
        if not isinstance(node, Pointwise) or not _is_clamp(node):
            continue
        if isinstance(source, Convolution | Sum) and _is_free(network, source, node):
            fused[source.output] = replace(source, output=node.output, clamp=node.clamp)
            dropped.add(node.output)
    nodes = tuple(fused.get(node.output, node) for node in network.nodes if node.output not in dropped)
    return replace(network, nodes=nodes)


def _is_clamp(node: Pointwise) -> bool:
    return node.function is Function.REQUANTISE and node.clamp is not Clamp.NONE


def _is_free(network: Network, source: Convolution | Sum, limit: Pointwise) -> bool:
    quant = network.values[source.output].quant
    at_one_scale = quant is None or quant == network.values[limit.output].quant
    return at_one_scale and source.clamp is Clamp.NONE and len(network.readers(source.output)) == 1
