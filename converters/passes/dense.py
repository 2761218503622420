"""Turns fully connected layers into convolutions."""

from __future__ import annotations

from dataclasses import replace

from facelite.graph import Rounding

from ..network import Convolution, Dense, Network, Node


def dense_to_convolution(network: Network) -> Network:
    """A matrix product over a flattened window is a convolution as long as the window; over one frame, of length 1.

    Features are laid out with channels innermost, as a convolution's weights are; weights over a window that was
    flattened channel by channel, as PyTorch does, are brought into that order.
    """
    return replace(network, nodes=tuple(map(_convolution, network.nodes)))


def _convolution(node: Node) -> Node:
    if not isinstance(node, Dense):
        return node
    channels, features = node.weight.shape
    width = node.inputs[0].channels
    if node.inputs[0].channels_first:
        weight = node.weight.reshape(channels, width, features // width).transpose(0, 2, 1)
    else:
        weight = node.weight.reshape(channels, features // width, width)
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
