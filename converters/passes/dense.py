"""Turns fully connected layers into convolutions."""

from __future__ import annotations

from dataclasses import replace

from facelite.graph import Rounding

from ..network import Convolution, Dense, Network, Node


def dense_to_convolution(network: Network) -> Network:
    """A matrix product over a flattened window is a convolution as long as the window; over one frame, of length 1.

    Both lay features out with channels innermost, so the weights keep their order.
    """
    return replace(network, nodes=tuple(map(_convolution, network.nodes)))


def _convolution(node: Node) -> Node:
    if not isinstance(node, Dense):
        return node
    channels, features = node.weight.shape
    weight = node.weight.reshape(channels, features // node.inputs[0].channels, -1)
    return Convolution(
        node.kind,
        node.name,
        node.inputs,
        node.output,
        weight,
        node.bias,
        node.weight_scale,
        node.clamp,
        # LiteRT's reference FULLY_CONNECTED requantises otherwise than its CONV_2D.
        rounding=Rounding.FLOATING,
    )
