"""A student's last layer, taken off and put on: the layers before it stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput

if TYPE_CHECKING:
    import keras


def head_of(model: keras.Model) -> keras.layers.Layer:
    """The last layer with weights.

    Raises
    ------
    BadInput
        It is neither a convolution over all frames that are left nor a Dense, or other weights run beside it.
    """
    from keras import layers as kl

    weighted = [layer for layer in model.layers if layer.weights]
    head = weighted[-1] if weighted else None
    if not isinstance(head, kl.Conv1D | kl.Dense):
        raise BadInput(model.name, "its last layer is no convolution and no Dense", "retarget a student as trained")
    if int(np.prod(head.output.shape[1:])) != model.output_shape[-1]:
        raise BadInput(model.name, f"its layer {head.name} does not make its outputs", "retarget a student as trained")
    return head


def features_of(model: keras.Model) -> int:
    """Values that the last layer hears of a window."""
    return int(np.prod(head_of(model).input.shape[1:]))


def headless(model: keras.Model) -> keras.Model:
    """The student with its last layer's input, flattened, as its answer: float32 [batch, features]."""
    size = features_of(model)
    return with_head(model, np.eye(size, dtype=np.float32), np.zeros(size, np.float32), "linear")


def with_head(model: keras.Model, weights: NDArray, bias: NDArray, activation: str) -> keras.Model:
    """The student with another last layer; the other layers are `model`'s own.

    Parameters
    ----------
    weights, bias
        [features, controls] and [controls]; features in the order of `headless`.
    activation
        "relu" or "linear".

    Returns
    -------
    Model float32 [batch, window, 1] -> [batch, controls].
    """
    import keras
    from keras import layers as kl

    old = head_of(model)
    heard, controls = old.input, weights.shape[1]
    if isinstance(old, kl.Conv1D):
        new = kl.Conv1D(controls, heard.shape[1], activation=activation, name="head")
    else:
        new = kl.Dense(controls, activation=activation, name="head")
    answer = new(heard)
    if len(answer.shape) > 2:
        answer = kl.Flatten(name="curves")(answer)
    made = keras.Model(model.inputs[0], answer, name=model.name)
    new.set_weights([np.asarray(weights, np.float32).reshape(new.kernel.shape), np.asarray(bias, np.float32)])
    return made
