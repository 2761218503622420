"""Which Keras layers a student may be made of, judged by a model's configuration before it is built."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from facelite.errors import BadInput, Unsupported

SUPPORTED = {
    "InputLayer": "",
    "Conv1D": "padding 'valid', groups 1",
    "BatchNormalization": "",
    "Activation": "",
    "ReLU": "",
    "LeakyReLU": "",
    "Dropout": "",
    "SpatialDropout1D": "",
    "GaussianNoise": "",
    "Cropping1D": "",
    "Add": "of two",
    "GlobalAveragePooling1D": "",
    "Flatten": "",
    "Reshape": "",
    "Dense": "",
}
"""Layer classes, with their conditions."""

ACTIVATIONS = ("linear", "relu", "relu6", "leaky_relu", "sigmoid", "tanh")

NO_STREAM = "zeros inside the window have no equal in a stream; --windowed-only converts it without one"

MAX_WEIGHTS = 1 << 26
"""Most weights that a configuration may ask Keras to allocate; students have below 10 million."""

_MODELS = ("Functional", "Sequential", "Model")
_RECURRENT = ("LSTM", "GRU", "RNN", "Bidirectional", "TimeDistributed")

Layer = dict[str, Any]


def check_layers(model: Layer, path: Path, windowed_only: bool = False) -> None:
    """Raise Unsupported naming every layer that a student cannot hold, or BadInput for a senseless configuration.

    `windowed_only` allows zero padding inside the window, which has no equal in a stream.
    """
    try:
        layers = _layers(model)
        described = [(layer["config"]["name"], layer["class_name"], _problem(layer, windowed_only)) for layer in layers]
        weights = _weights(layers)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise BadInput(path, f"its configuration is not a Keras 3 model's ({error})", "save it again") from error
    problems = [f"{name} ({kind}: {problem})" for name, kind, problem in described if problem]
    if problems:
        count = "1 layer has" if len(problems) == 1 else f"{len(problems)} layers have"
        supported = ", ".join(f"{name} ({condition})" if condition else name for name, condition in SUPPORTED.items())
        raise Unsupported(path, f"{count} no place in a student: {', '.join(problems)}", f"supported: {supported}")
    if weights > MAX_WEIGHTS:
        raise BadInput(path, f"asks for about {weights:.2g} weights", f"a student has less than {MAX_WEIGHTS}")


def _layers(model: Layer) -> list[Layer]:
    """Every layer, those inside nested models included."""
    if model["class_name"] not in _MODELS:
        return [model]
    return [inner for layer in model["config"]["layers"] for inner in _layers(layer)]


def _problem(layer: Layer, windowed_only: bool) -> str:
    kind, config = layer["class_name"], layer["config"]
    if any(word in kind for word in _RECURRENT):
        return "recurrence: it has no fixed reach into the past"
    if "Attention" in kind:
        return "attention: it looks at the whole window"
    if kind == "ZeroPadding1D":
        return "" if windowed_only else NO_STREAM
    if kind not in SUPPORTED or not str(layer.get("module")).startswith("keras"):
        return "not a layer of a student"
    if kind == "Conv1D" and config["groups"] != 1:
        return f"groups {config['groups']}; only 1"
    if kind == "Conv1D" and config["padding"] != "valid" and not windowed_only:
        return f"padding '{config['padding']}', {NO_STREAM}"
    if kind == "Add" and _arity(layer) != 2:
        return f"adds {_arity(layer)} tensors; only two can be added at once"
    activation = config.get("activation", "linear")
    if activation not in ACTIVATIONS:
        name = activation if isinstance(activation, str) else "of its own"
        return f"activation {name}; known are {', '.join(ACTIVATIONS)}"
    return ""


def _arity(layer: Layer) -> int:
    """Tensors that a merging layer is given."""
    return len(layer["inbound_nodes"][0]["args"][0])


def _weights(layers: list[Layer]) -> float:
    """A generous estimate of the weights that building these layers allocates."""
    inputs = [layer["config"]["batch_shape"] for layer in layers if layer["class_name"] == "InputLayer"]
    convolutions = [layer["config"] for layer in layers if layer["class_name"] == "Conv1D"]
    dense = [layer["config"] for layer in layers if layer["class_name"] == "Dense"]
    widest = max([1, *(config["filters"] for config in convolutions), *(config["units"] for config in dense)])
    samples = max([1, *(math.prod(size or 1 for size in shape) for shape in inputs)])
    flattened = widest * samples / math.prod(math.prod(config["strides"]) for config in convolutions)
    kernels = sum(float(config["filters"]) * math.prod(config["kernel_size"]) * widest for config in convolutions)
    return kernels + sum(config["units"] * flattened for config in dense)
