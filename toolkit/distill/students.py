"""Students in Keras: one that trains on whole stretches of audio, one that answers a window, equal weights.

Backend-neutral: only Keras layers, so the same student trains on TensorFlow, JAX or PyTorch.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from .calibrate import Calibration
from .filterbank import MEL_BINS, gabor
from .recipe import ConvConfig, StudentConfig

HEAD_SCALE = 0.05
"""What training multiplies the head's answer by; export folds it in. Curves are small numbers made from over a
thousand inputs: unscaled, one Adam step moves the answer by more than its whole range."""


def trainer(config: StudentConfig, seed: int = 1) -> keras.Model:
    """The student over any stretch of audio, with BatchNorm and an auxiliary log-mel output.

    Input: float32 [batch, samples, 1], companded waveform; ``samples = (frames - 1) * hop + window``.
    Outputs: "curves" [batch, frames, controls] (linear) and "mel" [batch, frames', bins] read from the features
    that feed the first residual block, so that the raw front learns what a spectrum is.
    """
    audio = keras.Input((None, 1), name="audio")
    stride = config.front.stride
    if config.front.kernel % stride:
        raise ValueError("the front's kernel must be a multiple of its stride")
    # A strided convolution over one channel is a plain one over blocks of `stride` samples, and runs faster.
    x = kl.Reshape((-1, stride), name="front_blocks")(audio)
    blocks = ConvConfig(channels=config.front.channels, kernel=config.front.kernel // stride)
    x = _unit(x, blocks, "front", seed)
    tap = x
    for index, layer in enumerate(config.layers):
        y = _unit(x, layer, f"conv{index + 1}", seed)
        x = kl.Add(name=f"add{index + 1}")([y, _crop(layer, index)(x)]) if layer.residual else y
        if not layer.residual:
            tap = x
    head = kl.Conv1D(len(config.controls), config.head_kernel, name="head", kernel_initializer="zeros")(x)
    curves = kl.Rescaling(HEAD_SCALE, name="head_scale")(head)
    mel = kl.Conv1D(MEL_BINS, 1, name="mel")(tap)
    model = keras.Model(audio, {"curves": curves, "mel": mel}, name=config.name)
    front = model.get_layer("front_conv")
    front.set_weights([_as_blocks(gabor(config.front.channels, config.front.kernel, config.sample_rate), stride)])
    return model


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
    x = _fused(config.front, "front")(x)
    for index, layer in enumerate(config.layers):
        name = f"conv{index + 1}"
        weights[name] = _folded(source, name)
        y = _fused(layer, name)(x)
        x = kl.Add(name=f"add{index + 1}")([y, _crop(layer, index)(x)]) if layer.residual else y
    kernel, bias = (HEAD_SCALE * value for value in source.get_layer("head").get_weights())
    weights["head"] = calibration.head(kernel, bias) if calibration else (kernel, bias)
    x = kl.Conv1D(len(config.controls), config.head_kernel, activation="relu", name="head")(x)
    model = keras.Model(window, kl.Flatten(name="curves")(x), name=config.name)
    for name, pair in weights.items():
        model.get_layer(name).set_weights(list(pair))
    return model


def _unit(x: Any, layer: ConvConfig, name: str, seed: int) -> Any:
    x = kl.Conv1D(
        layer.channels,
        layer.kernel,
        strides=layer.stride,
        dilation_rate=layer.dilation,
        use_bias=False,
        kernel_initializer=keras.initializers.HeNormal(seed=_seed(name, seed)),
        name=f"{name}_conv",
    )(x)
    x = kl.BatchNormalization(momentum=0.98, epsilon=1e-3, name=f"{name}_norm")(x)
    return kl.ReLU(name=f"{name}_relu")(x)


def _fused(layer: ConvConfig, name: str) -> kl.Conv1D:
    return kl.Conv1D(
        layer.channels,
        layer.kernel,
        strides=layer.stride,
        dilation_rate=layer.dilation,
        activation="relu",
        name=name,
    )


def _crop(layer: ConvConfig, index: int) -> kl.Cropping1D:
    """A residual keeps the newest frames: the block's output stands at its newest input."""
    return kl.Cropping1D(((layer.kernel - 1) * layer.dilation, 0), name=f"crop{index + 1}")


def _seed(name: str, seed: int) -> int:
    """A seed of its own for each layer, so that layers of one shape do not start alike."""
    return (seed + sum(ord(letter) * 131**place for place, letter in enumerate(name))) % 2**31


def _as_blocks(bank: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    taps, filters = bank.shape
    return bank.reshape(taps // stride, stride, filters)


def _folded(source: keras.Model, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Convolution and BatchNorm as one convolution: kernel [k, in, out] and bias [out]."""
    (kernel,) = source.get_layer(f"{name}_conv").get_weights()
    norm = source.get_layer(f"{name}_norm")
    gamma, beta, mean, variance = (np.asarray(w, np.float64) for w in norm.get_weights())
    factor = gamma / np.sqrt(variance + norm.epsilon)
    return (kernel * factor).astype(np.float32), (beta - mean * factor).astype(np.float32)
