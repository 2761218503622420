"""The oracle against Keras in float, and against itself: windows, streams and smoothing are one thing."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import BadInput, companding, reference
from facelite.graph import Add, Clamp, Conv, Function, Graph, Map, Mean, Tensor

WINDOW = 300


@pytest.fixture(scope="module")
def float_student():
    """One net twice: as a Keras model, and as a graph built by hand from the same weights."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    waveform = keras.Input((WINDOW, 1))
    front = layers.Conv1D(6, 9, 4)
    middle = layers.Conv1D(6, 3, dilation_rate=2, activation="tanh")
    last = layers.Conv1D(5, 4, 3, activation="relu")
    x = layers.LeakyReLU(0.2)(front(waveform))
    y = layers.Add()([middle(x), layers.Cropping1D((3, 1))(x)])
    z = layers.Activation("sigmoid")(last(y))
    model = keras.Model(waveform, layers.GlobalAveragePooling1D()(z))
    frames = [x.shape[1], y.shape[1], z.shape[1]]

    def conv(layer, name: str, source: int, **fields) -> Conv:
        kernel, bias = layer.get_weights()
        return Conv(name, source, kernel.transpose(2, 0, 1), bias, **fields)

    ops = (
        conv(front, "front", 0, stride=4, delay=(WINDOW - 9) % 4),
        Map("leaky", 1, Function.LEAKY_RELU, alpha=0.2),
        conv(middle, "middle", 2, dilation=2),
        Map("tanh", 3, Function.TANH),
        Add("add", 4, 2, other_delay=1),
        conv(last, "last", 5, stride=3, delay=(frames[1] - 4) % 3, clamp=Clamp.RELU),
        Map("sigmoid", 6, Function.SIGMOID),
        Mean("mean", 7, frames[2]),
    )
    channels, strides = (1, 6, 6, 6, 6, 6, 5, 5, 5), (1, 4, 4, 4, 4, 4, 12, 12, 12)
    tensors = tuple(Tensor(f"t{i}", c, s) for i, (c, s) in enumerate(zip(channels, strides, strict=True)))
    graph = Graph("float", 16000, WINDOW, 100, tuple("abcde"), tensors, ops, smoothing=True)
    return model, graph


def waveform(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, samples).astype(np.float32)


def test_a_float_window_is_what_keras_computes(float_student):
    model, graph = float_student
    for seed in range(5):
        window = waveform(WINDOW, seed)
        expected = model(window[None, :, None]).numpy().ravel()
        assert np.abs(reference.run_window(graph, window) - expected).max() < 1e-6


def test_a_stream_is_its_windows(float_student):
    _, graph = float_student
    for samples in (1, 11, 12, 13, 500):
        heard = waveform(samples)
        frames = reference.run_stream(graph, heard)
        assert len(frames) == -(-samples // graph.hop)
        padded = np.concatenate([np.zeros(WINDOW, np.float32), heard, np.zeros(WINDOW, np.float32)])
        for index, frame in enumerate(frames):
            end = WINDOW + index * graph.hop + graph.lookahead
            assert np.array_equal(frame, reference.run_window(graph, padded[end - WINDOW : end]))


def test_an_empty_stream_has_no_frames(float_student):
    assert reference.animate(float_student[1], np.zeros(0, np.float32)).shape == (0, 5)


def test_smoothing_is_a_mean_of_three_with_repeated_ends(float_student):
    _, graph = float_student
    raw = reference.animate(graph, waveform(400), smoothing=False)
    smoothed = reference.animate(graph, waveform(400))
    padded = np.concatenate([raw[:1], raw, raw[-1:]]).astype(np.float64)
    expected = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    assert smoothed.dtype == np.float32
    assert np.abs(smoothed - expected).max() < 1e-6


def test_what_cannot_be_run_is_refused(float_student):
    _, graph = float_student
    with pytest.raises(BadInput, match="at least"):
        reference.run(graph, waveform(graph.receptive_field - 1))
    with pytest.raises(BadInput, match="float32"):
        reference.run(graph, companding.codes(waveform(WINDOW)))
