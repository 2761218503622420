"""A normalised float network as a Keras model: for windowed-only students, whose padding no graph can hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from facelite.errors import Unsupported
from facelite.graph import Clamp, Function

from ..network import Average, Convolution, Network, Node, Operand, Pad, Pointwise, Sum

if TYPE_CHECKING:
    import keras

_ACTIVATIONS = {Clamp.NONE: "linear", Clamp.RELU: "relu", Clamp.RELU6: "relu6"}


def build(network: Network) -> keras.Model:
    """[batch, window, 1] companded waveform -> [batch, controls].

    Raises
    ------
    Unsupported
        A limit other than ReLU's and ReLU6's, which Keras and TFLiteConverter have no fused form of.
    """
    import keras

    made = {network.input: keras.Input((network.values[network.input].size, 1), name="waveform")}
    first = made[network.input]
    for node in network.nodes:
        made[node.output] = _BUILDERS[type(node)](network, node, [_read(made, operand) for operand in node.inputs])
    output = made[network.output]
    newest = Operand(network.output, frames=1, channels=output.shape[2])
    return keras.Model(first, keras.layers.Flatten()(_read(made, newest)))


def _read(made: dict[int, Any], operand: Operand) -> Any:
    """The frames of a value that a node reads: older and newer ones are cropped away."""
    from keras import layers

    value = made[operand.value]
    older = value.shape[1] - operand.frames - operand.delay
    return layers.Cropping1D((older, operand.delay))(value) if older or operand.delay else value


def _activation(network: Network, node: Convolution | Sum | Pointwise) -> str:
    if node.clamp not in _ACTIVATIONS:
        raise Unsupported(network.source, f"layer {node.name} limits to {node.clamp.value}", "known: ReLU, ReLU6")
    return _ACTIVATIONS[node.clamp]


def _convolution(network: Network, node: Convolution, seen: list[Any]) -> Any:
    from keras import layers

    outputs, kernel, _ = node.weight.shape
    activation = _activation(network, node)
    layer = layers.Conv1D(outputs, kernel, node.stride, dilation_rate=node.dilation, activation=activation)
    result = layer(seen[0])
    layer.set_weights([node.weight.transpose(1, 2, 0), node.bias.astype(np.float32)])
    return result


def _sum(network: Network, node: Sum, seen: list[Any]) -> Any:
    from keras import layers

    return layers.Activation(_activation(network, node))(layers.Add()(seen))


def _average(network: Network, node: Average, seen: list[Any]) -> Any:
    from keras import layers

    return layers.GlobalAveragePooling1D(keepdims=True)(seen[0])


def _pad(network: Network, node: Pad, seen: list[Any]) -> Any:
    from keras import layers

    return layers.ZeroPadding1D((node.before, node.after))(seen[0])


def _pointwise(network: Network, node: Pointwise, seen: list[Any]) -> Any:
    from keras import layers

    if node.function is Function.LEAKY_RELU:
        return layers.LeakyReLU(node.alpha)(seen[0])
    if node.function is Function.REQUANTISE:
        return layers.Activation(_activation(network, node))(seen[0])
    return layers.Activation(node.function.value)(seen[0])


_BUILDERS: dict[type[Node], Callable[..., Any]] = {
    Convolution: _convolution,
    Sum: _sum,
    Average: _average,
    Pad: _pad,
    Pointwise: _pointwise,
}
