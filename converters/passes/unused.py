"""Removes nodes whose result nobody reads."""

from __future__ import annotations

from dataclasses import replace

from ..network import Network, Node


def drop_unused(network: Network) -> Network:
    """Keep the nodes that the output depends on; the last one left makes what the output shows."""
    needed = {network.output}
    kept: list[Node] = []
    for node in reversed(network.nodes):
        if node.output in needed:
            needed.update(operand.value for operand in node.inputs)
            kept.append(node)
    return replace(network, nodes=tuple(reversed(kept)))
