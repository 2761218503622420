"""Lets a node limit its own output where an activation of its own did."""

from __future__ import annotations

from dataclasses import replace

from facelite.graph import Clamp, Function

from ..network import Convolution, Network, Node, Pointwise, Sum


def fuse_activations(network: Network) -> Network:
    """Move each ReLU into the convolution or sum before it, if nothing else reads that one's output.

    Between two int8 scales nothing is fused: LiteRT rounds at each of them.
    """
    made_by = {node.output: node for node in network.nodes}
    fused: dict[int, Node] = {}
    dropped: set[int] = set()
    for node in network.nodes:
        source = made_by.get(node.inputs[0].value)
        if not isinstance(node, Pointwise) or not _is_clamp(node):
            continue
        if isinstance(source, Convolution | Sum) and _is_free(network, source):
            fused[source.output] = replace(source, output=node.output, clamp=node.clamp)
            dropped.add(node.output)
    nodes = tuple(fused.get(node.output, node) for node in network.nodes if node.output not in dropped)
    return replace(network, nodes=nodes)


def _is_clamp(node: Pointwise) -> bool:
    return node.function is Function.REQUANTISE and node.clamp is not Clamp.NONE


def _is_free(network: Network, source: Convolution | Sum) -> bool:
    scaleless = network.values[source.output].quant is None
    return scaleless and source.clamp is Clamp.NONE and len(network.readers(source.output)) == 1
