"""Students in Keras: one that trains on whole stretches of audio, one that answers a window, equal weights.

Backend-neutral: only Keras layers, so the same student trains on TensorFlow, JAX or PyTorch.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from .architecture import ConvConfig, StudentConfig
from .calibrate import Calibration
from .filterbank import MEL_BINS, gabor
from .normalise import BatchNorm

HEAD_SCALE = 0.05
"""What training multiplies the head's answer by; export folds it in. Curves are small numbers made from over a
thousand inputs: unscaled, one Adam step moves the answer by more than its whole range."""

EPSILON = 1e-3
"""What BatchNorm adds to a variance."""


def trainer(config: StudentConfig, seed: int = 1, precision: str = "float32") -> keras.Model:
    """The student over any stretch of audio, with BatchNorm and an auxiliary log-mel output.

    Input: float32 [batch, samples, 1], companded waveform; ``samples = (frames - 1) * hop + window``.
    Outputs, float32: "curves" [batch, frames, controls] (linear) and "mel" [batch, frames', bins] read from the
    features that feed the first residual block, so that the raw front learns what a spectrum is.

    Parameters
    ----------
    precision
        "float32", or "bfloat16" to compute in it with float32 weights.
    """
    dtype = policy(precision)
    audio = keras.Input((None, 1), name="audio")
    x = _unit(front_blocks(config, audio), blocks_of(config.front), "front", seed, dtype)
    tap = x
    for index, layer in enumerate(config.layers):
        y = _unit(x, layer, f"conv{index + 1}", seed, dtype)
        x = kl.Add(name=f"add{index + 1}", dtype=dtype)([y, crop(layer, index)(x)]) if layer.residual else y
        if not layer.residual:
            tap = x
    head = kl.Conv1D(
        len(config.controls), config.head_kernel, name="head", kernel_initializer="zeros", dtype="float32"
    )(x)
    curves = kl.Rescaling(HEAD_SCALE, name="head_scale", dtype="float32")(head)
    mel = kl.Activation("linear", name="mel_float", dtype="float32")(
        kl.Conv1D(MEL_BINS, 1, name="mel", dtype=dtype)(tap)
    )
    model = keras.Model(audio, {"curves": curves, "mel": mel}, name=config.name)
    bank = gabor(config.front.channels, config.front.kernel, config.sample_rate)
    model.get_layer("front_conv").set_weights([as_blocks(bank, config.front.stride)])
    return model


def policy(precision: str) -> keras.DTypePolicy:
    """What layers of a recipe's `train.precision` compute in; their weights are float32."""
    return keras.DTypePolicy("float32" if precision == "float32" else f"mixed_{precision}")


def features(model: keras.Model, name: str) -> Any:
    """What the layer of `trainer`'s model that is exported as `name` puts out: [batch, frames, channels]."""
    return model.get_layer(name if name.startswith("add") else f"{name}_relu").output


def windowed(config: StudentConfig, source: keras.Model, calibration: Calibration | None = None) -> keras.Model:
    """The student that runtimes take: one window in, one frame out, BatchNorm folded away, output at least 0.

    Parameters
    ----------
    source
        A model made by `trainer` with the same config.
    calibration
        Folded into the head; None for none.

    Returns
    -------
    Model float32 [batch, window, 1] -> [batch, controls].
    """
    window = keras.Input((config.window, 1), name="audio")
    x, weights = window, {}
    kernel, bias = _folded(source, "front")
    weights["front"] = (kernel.reshape(config.front.kernel, 1, -1), bias)
    x = fused(config.front, "front")(x)
    for index, layer in enumerate(config.layers):
        name = f"conv{index + 1}"
        weights[name] = _folded(source, name)
        y = fused(layer, name)(x)
        x = kl.Add(name=f"add{index + 1}")([y, crop(layer, index)(x)]) if layer.residual else y
    kernel, bias = (HEAD_SCALE * value for value in source.get_layer("head").get_weights())
    weights["head"] = calibration.head(kernel, bias) if calibration else (kernel, bias)
    x = kl.Conv1D(len(config.controls), config.head_kernel, activation="relu", name="head")(x)
    model = keras.Model(window, kl.Flatten(name="curves")(x), name=config.name)
    for name, pair in weights.items():
        model.get_layer(name).set_weights(list(pair))
    return model


def front_blocks(config: StudentConfig, audio: Any) -> Any:
    """The waveform in blocks of the front's stride: a strided convolution over one channel is a plain one over
    these, and runs faster."""
    return kl.Reshape((-1, config.front.stride), name="front_blocks")(audio)


def blocks_of(front: ConvConfig) -> ConvConfig:
    """The front as a convolution over `front_blocks`."""
    return ConvConfig(channels=front.channels, kernel=front.kernel // front.stride)


def as_blocks(kernel: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """The front's kernel [taps, 1 or none, filters] for `front_blocks`."""
    return kernel.reshape(len(kernel) // stride, stride, kernel.shape[-1])


def _unit(x: Any, layer: ConvConfig, name: str, seed: int, dtype: Any) -> Any:
    x = kl.Conv1D(
        layer.channels,
        layer.kernel,
        strides=layer.stride,
        dilation_rate=layer.dilation,
        use_bias=False,
        kernel_initializer=keras.initializers.HeNormal(seed=seed_of(name, seed)),
        name=f"{name}_conv",
        dtype=dtype,
    )(x)
    x = BatchNorm(momentum=0.98, epsilon=EPSILON, name=f"{name}_norm", dtype=dtype)(x)
    return kl.ReLU(name=f"{name}_relu", dtype=dtype)(x)


def fused(layer: ConvConfig, name: str, **options: Any) -> kl.Conv1D:
    """A convolution of the exported student, with its ReLU."""
    return kl.Conv1D(
        layer.channels,
        layer.kernel,
        strides=layer.stride,
        dilation_rate=layer.dilation,
        activation="relu",
        name=name,
        **options,
    )


def crop(layer: ConvConfig, index: int) -> kl.Cropping1D:
    """A residual keeps the newest frames: the block's output stands at its newest input."""
    return kl.Cropping1D(((layer.kernel - 1) * layer.dilation, 0), name=f"crop{index + 1}")


def seed_of(name: str, seed: int) -> int:
    """A seed of its own for each layer, so that layers of one shape do not start alike."""
    return (seed + sum(ord(letter) * 131**place for place, letter in enumerate(name))) % 2**31


def _folded(source: keras.Model, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Convolution and BatchNorm as one convolution: kernel [k, in, out] and bias [out]."""
    (kernel,) = source.get_layer(f"{name}_conv").get_weights()
    norm = source.get_layer(f"{name}_norm")
    gamma, beta, mean, variance = (np.asarray(w, np.float64) for w in norm.get_weights())
    factor = gamma / np.sqrt(variance + norm.epsilon)
    return (kernel * factor).astype(np.float32), (beta - mean * factor).astype(np.float32)
