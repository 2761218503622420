"""A student over a whole recording must answer as it does window by window, whatever it is made of."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.companding import codes, decode
from facelite.distill.inference import Twin, padded
from facelite.errors import BadInput
from facelite.speech import audio

keras = pytest.importorskip("keras", reason="needs facelite[distill]")

WINDOW, LOOKAHEAD = 2048, 512


def _residual():
    from keras import layers as kl

    x = window = keras.Input((WINDOW, 1))
    x = kl.Conv1D(6, 32, strides=16, activation="relu")(x)
    y = kl.Conv1D(6, 3, dilation_rate=2)(x)
    y = kl.BatchNormalization()(y)
    x = kl.LeakyReLU(negative_slope=0.2)(kl.Add()([y, kl.Cropping1D((4, 0))(x)]))
    x = kl.Conv1D(8, 5, strides=4, activation="relu")(x)
    return window, x


def _pooled():
    from keras import layers as kl

    window, x = _residual()
    x = kl.Dense(5, activation="relu")(kl.GlobalAveragePooling1D()(x))
    return keras.Model(window, x)


def _flattened():
    from keras import layers as kl

    window, x = _residual()
    x = kl.Dense(7, activation="sigmoid")(kl.Dropout(0.1)(kl.Flatten()(x)))
    return keras.Model(window, kl.Reshape((5,))(kl.Dense(5)(x)))


def _sequential():
    from keras import layers as kl

    return keras.Sequential(
        [
            keras.Input((WINDOW, 1)),
            # 2048 samples leave a remainder of both strides: the newest samples of a window go unheard.
            kl.Conv1D(6, 31, strides=16, activation="tanh"),
            kl.Conv1D(6, 6, strides=4, use_bias=False),
            kl.Conv1D(5, 31, activation="relu"),
            kl.Flatten(),
        ]
    )


@pytest.mark.parametrize("make", [_pooled, _flattened, _sequential])
def test_it_equals_the_windows(make, speech):
    keras.utils.set_random_seed(3)
    model = make()
    for layer in model.layers:
        layer.set_weights(
            [w + 0.1 * np.random.default_rng(w.size).standard_normal(w.shape) for w in layer.get_weights()]
        )
    _compare(model, LOOKAHEAD, audio.read(speech)[:20_000])


def test_the_shipped_student_does(shipped_student, speech):
    model = keras.saving.load_model(shipped_student, compile=False)
    pcm = audio.read(speech)
    _compare(model, 1024, np.concatenate([pcm, -pcm[:16000], pcm, pcm, pcm]), every=7)


def _compare(model, lookahead: int, pcm, every: int = 1) -> None:
    twin = Twin(model, lookahead, "mulaw")
    window, hop = int(model.input_shape[1]), twin.hop
    frames = -(-len(pcm) // hop)
    heard = decode(codes(padded(pcm, frames, hop, window, lookahead)))
    windows = np.lib.stride_tricks.sliding_window_view(heard, window)[:: hop * every, :, None]
    expected = model.predict(windows, batch_size=64, verbose=0)
    found = twin.animate(pcm)
    assert found.shape == (frames, model.output_shape[-1])
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(found[::every], expected, atol=2e-6)


def test_nothing_heard_is_nothing_said(shipped_student):
    model = keras.saving.load_model(shipped_student, compile=False)
    assert Twin(model, 1024, "mulaw").animate(np.zeros(0, np.float32)).shape == (0, model.output_shape[-1])


def test_a_student_of_several_frames_a_window_is_refused():
    model = keras.Sequential([keras.Input((WINDOW, 1)), keras.layers.Conv1D(2, 1024), keras.layers.Flatten()])
    with pytest.raises(BadInput, match="1025 frames"):
        Twin(model, LOOKAHEAD, "mulaw")
