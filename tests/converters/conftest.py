"""What the converter tests share: LiteRT to compare with, audio of every kind, random students and hand-made files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import facelite
import numpy as np
import pytest
from facelite import companding
from facelite.speech import audio
from numpy.typing import NDArray

CLIPS = Path(facelite.__file__).parent / "data" / "clips"
ACTIVATIONS = ("linear", "relu", "relu6", "leaky_relu", "sigmoid", "tanh")
HEADS = ("conv", "flatten_dense", "pool", "pool_dense", "dense_per_frame", "last_frame")


@pytest.fixture(scope="session")
def signals() -> dict[str, NDArray[np.int8]]:
    """Mu-law codes, 4 s each: human speech, the same 30 dB down, silence, full-scale noise, full-scale square."""
    rng = np.random.default_rng(7)
    pcm = audio.read(sorted(CLIPS.glob("*.flac"))[0])[:64000]
    square = np.where(np.arange(64000) // 37 % 2 == 0, 127, -127)
    return {
        "speech": companding.codes(pcm),
        "quiet speech": companding.codes(pcm * np.float32(10 ** (-30 / 20))),
        "silence": np.zeros(64000, np.int8),
        "noise": rng.integers(-127, 128, 64000).astype(np.int8),
        "square": square.astype(np.int8),
    }


class LiteRt:
    """A TFLite model on LiteRT's reference kernels, every tensor kept."""

    def __init__(self, model: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self._interpreter = Interpreter(
            model_content=model,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
            num_threads=1,
        )
        self._interpreter.allocate_tensors()
        self.inputs = self._interpreter.get_input_details()
        self.output = self._interpreter.get_output_details()[0]

    def __call__(self, *inputs: NDArray) -> NDArray:
        """Output for these inputs, each reshaped to what the model takes."""
        for detail, values in zip(self.inputs, inputs, strict=True):
            self._interpreter.set_tensor(detail["index"], values.reshape(detail["shape"]))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self.output["index"])

    def tensors(self) -> dict[str, NDArray]:
        """Every int8 tensor of the last run, by name."""
        details = self._interpreter.get_tensor_details()
        return {d["name"]: self._interpreter.get_tensor(d["index"]) for d in details if d["dtype"] == np.int8}


@pytest.fixture(scope="session")
def litert() -> type[LiteRt]:
    """`litert(model_bytes)(inputs)` runs LiteRT's reference kernels."""
    return LiteRt


@dataclass(frozen=True)
class Recipe:
    """A random student as plain data: what each layer is, then how it ends."""

    window: int
    layers: tuple[dict[str, Any], ...]
    head: str
    head_activation: str
    controls: int
    lookahead: int
    smoothing: bool


@pytest.fixture(scope="session")
def recipe() -> Callable[[int], Recipe]:
    """`recipe(seed)`: kernels, strides, dilations, odd channel counts, residuals, every activation, every head."""

    def make(seed: int) -> Recipe:
        rng = np.random.default_rng(seed)
        window = int(rng.integers(200, 1400))
        frames, layers = window, []
        for depth in range(int(rng.integers(1, 5))):
            layer = _random_layer(rng, frames, first=depth == 0)
            frames = _frames_after(frames, layer)
            if frames < 1:
                break
            layers.append(layer)
        lookahead = int(rng.integers(0, window))
        head, activation = HEADS[seed % len(HEADS)], ACTIVATIONS[int(rng.integers(len(ACTIVATIONS)))]
        return Recipe(window, tuple(layers), head, activation, int(rng.integers(2, 20)), lookahead, seed % 2 == 0)

    return make


def _random_layer(rng: np.random.Generator, frames: int, first: bool) -> dict[str, Any]:
    stride = int(rng.integers(1, 7)) if first else int(rng.choice([1, 1, 2, 3]))
    residual = not first and bool(rng.random() < 0.4)
    dilation = int(rng.integers(1, 5)) if stride == 1 or residual else 1
    return {
        "channels": int(rng.integers(3, 34)),
        "kernel": int(rng.integers(1, 24 if first else 6)),
        "stride": 1 if residual else stride,
        "dilation": dilation,
        "activation": str(rng.choice(ACTIVATIONS)),
        "bias": bool(rng.random() < 0.8),
        "norm": bool(rng.random() < 0.25),
        "residual": residual,
        "crop_newest": residual and bool(rng.random() < 0.3),
        "add_activation": str(rng.choice(["linear", "relu", "relu6"])),
    }


def _frames_after(frames: int, layer: dict[str, Any]) -> int:
    return (frames - (layer["kernel"] - 1) * layer["dilation"] - 1) // layer["stride"] + 1


@pytest.fixture(scope="session")
def keras_student() -> Callable[[Recipe], Any]:
    """`keras_student(recipe)`: the Keras model, its weights random and its normalisations lively."""

    def build(recipe: Recipe) -> Any:
        import keras

        keras.utils.set_random_seed(recipe.window * 31 + recipe.controls)
        x = waveform = keras.Input((recipe.window, 1))
        for layer in recipe.layers:
            x = _keras_layer(x, layer)
        model = keras.Model(waveform, _keras_head(x, recipe))
        rng = np.random.default_rng(recipe.window)
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                shape = layer.gamma.shape
                layer.set_weights([rng.uniform(0.5, 2, shape), rng.normal(1, 1, shape), rng.normal(0, 0.2, shape),
                                   rng.uniform(0.1, 1, shape)])  # fmt: skip
            elif getattr(layer, "use_bias", False):
                kernel, bias = layer.get_weights()
                layer.set_weights([kernel * 2, rng.normal(1, 0.3, bias.shape)])
        return model

    return build


def _keras_layer(x: Any, layer: dict[str, Any]) -> Any:
    from keras import layers

    channels = x.shape[-1] if layer["residual"] else layer["channels"]
    y = layers.Conv1D(
        channels, layer["kernel"], layer["stride"], dilation_rate=layer["dilation"], use_bias=layer["bias"]
    )(x)
    y = layers.BatchNormalization()(y) if layer["norm"] else y
    y = layers.Activation(layer["activation"])(y) if layer["activation"] != "leaky_relu" else layers.LeakyReLU(0.17)(y)
    if not layer["residual"]:
        return y
    lost = x.shape[1] - y.shape[1]
    newest = lost // 2 if layer["crop_newest"] else 0
    total = layers.Add()([y, layers.Cropping1D((lost - newest, newest))(x)])
    return total if layer["add_activation"] == "linear" else layers.Activation(layer["add_activation"])(total)


def _keras_head(x: Any, recipe: Recipe) -> Any:
    from keras import layers

    controls, activation = recipe.controls, recipe.head_activation
    if recipe.head == "conv":
        return layers.Flatten()(layers.Conv1D(controls, x.shape[1], activation=activation)(x))
    if recipe.head == "flatten_dense":
        hidden = layers.Dense(9, activation="relu")(layers.Flatten()(x))
        return layers.Dense(controls, activation=activation)(hidden)
    if recipe.head == "pool":
        return layers.GlobalAveragePooling1D()(layers.Conv1D(controls, 1, activation=activation)(x))
    if recipe.head == "pool_dense":
        return layers.Dense(controls, activation=activation)(layers.GlobalAveragePooling1D()(x))
    if recipe.head == "dense_per_frame":
        x = layers.Dense(7, activation="tanh")(x)
        return layers.Flatten()(layers.Conv1D(controls, x.shape[1], activation=activation)(x))
    newest = layers.Cropping1D((x.shape[1] - 1, 0))(layers.Conv1D(controls, 1, activation=activation)(x))
    return layers.Reshape((controls,))(newest)


@pytest.fixture(scope="session")
def small_student(tmp_path_factory) -> Path:
    """A saved residual student with a window of 2048 samples, its spec and model card beside it."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    x = waveform = keras.Input((2048, 1))
    for channels, kernel, stride in ((16, 40, 8), (24, 7, 4), (32, 3, 2)):
        x = layers.Conv1D(channels, kernel, stride, use_bias=False, name=f"front{stride}")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.Conv1D(32, 3, dilation_rate=2, activation="relu", name="middle")(x)
    x = layers.Add(name="add")([y, layers.Cropping1D((4, 0))(x)])
    x = layers.Conv1D(5, x.shape[1], activation="relu", name="head")(x)
    folder = tmp_path_factory.mktemp("small")
    keras.Model(waveform, layers.Flatten()(x)).save(folder / "student.keras")
    (folder / "MODEL_CARD.md").write_text("# A student of random weights\n")
    (folder / "student.toml").write_text(SPEC)
    return folder / "student.keras"


SPEC = """name = "small"
lookahead = 512
smoothing = true
controls = ["jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "tongueOut"]
"""


@pytest.fixture(scope="session")
def small_bundle(small_student, tmp_path_factory) -> Path:
    """That student, converted."""
    from facelite.converters.bundle import convert

    out = tmp_path_factory.mktemp("bundle") / "out"
    convert(small_student, out)
    return out


class TfliteFile:
    """Grows a TFLite file tensor by tensor and operator by operator with TensorFlow's own schema."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema = schema
        self.model = schema.ModelT()
        self.model.version, self.model.buffers, self.model.operatorCodes = 3, [schema.BufferT()], []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators, self.model.subgraphs = [], [], [self.graph]

    def tensor(
        self,
        shape: Sequence[int],
        scale: Any = None,
        zero_point: int = 0,
        data: NDArray | None = None,
        kind: str = "INT8",
    ) -> int:
        """Add a tensor, constant when it has data; returns its index."""
        record = self.schema.TensorT()
        record.shape, record.type, record.buffer = list(shape), getattr(self.schema.TensorType, kind), 0
        record.name = f"net/tensor{len(self.graph.tensors)}/op"
        if data is not None:
            buffer = self.schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            record.buffer = len(self.model.buffers) - 1
        if scale is not None:
            record.quantization = self.schema.QuantizationParametersT()
            record.quantization.scale = np.atleast_1d(np.float32(scale))
            record.quantization.zeroPoint = np.full(np.size(scale), zero_point, np.int64)
        self.graph.tensors.append(record)
        return len(self.graph.tensors) - 1

    def op(
        self, code: str, inputs: Sequence[int], output: int, options: str = "", version: int = 2, **fields: Any
    ) -> None:
        """Add an operator; `options` names its option table, `fields` fill it."""
        record = self.schema.OperatorCodeT()
        record.builtinCode = getattr(self.schema.BuiltinOperator, code)
        record.deprecatedBuiltinCode, record.version = min(record.builtinCode, 127), version
        self.model.operatorCodes.append(record)
        operator = self.schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = list(inputs), [output]
        if options:
            operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, options)
            operator.builtinOptions = getattr(self.schema, f"{options}T")()
            for name, value in fields.items():
                setattr(operator.builtinOptions, name, value)
        self.graph.operators.append(operator)

    def build(self, inputs: Sequence[int], output: int) -> bytes:
        """The file."""
        import flatbuffers

        self.graph.inputs, self.graph.outputs = list(inputs), [output]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


@pytest.fixture
def tflite_file() -> TfliteFile:
    """An empty TFLite file to add tensors and operators to."""
    return TfliteFile()
