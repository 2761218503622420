"""Warm start: a student goes on from one that was exported, on another teacher's labels."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from ..companding import MU
from ..errors import BadInput
from . import students
from .architecture import StudentConfig
from .folded import Folded
from .widen import widened


def start(model: keras.Model, config: StudentConfig, given: Folded, audio: NDArray[np.float32]) -> None:
    """Give `model` the weights of an exported student, as wide or narrower, so that it answers alike.

    BatchNorm was folded away on export. Here it gets the mean and the variance that each convolution has over
    `audio`, and the scale and the shift that undo them: the answers are the exported student's, and stay so when
    training looks at a batch's own statistics. The head starts anew for controls that the exported student lacks,
    and as a whole where the lookahead is another: its taps would stand at other times. Where the companding is another,
    it answers alike to speech that is louder, or softer, by the ratio of the two mus.

    Parameters
    ----------
    model
        Made by `students.trainer` with `config`.
    audio
        float32 [batch, samples, 1], companded, as in training.

    Raises
    ------
    BadInput
        A layer has another shape, or fewer channels.
    """
    given = widened(given, config)
    _check(config, given)
    units = ["front", *(f"conv{index + 1}" for index in range(len(config.layers)))]
    for name in units:
        kernel, bias = given.layers[name]
        if name == "front":
            kernel = students.as_blocks(kernel * _relative_scale(config, given.config), config.front.stride)
        model.get_layer(f"{name}_conv").set_weights([kernel])
        one, zero = np.ones_like(bias), np.zeros_like(bias)
        model.get_layer(f"{name}_norm").set_weights([one, bias, zero, one - students.EPSILON])
    outputs = {name: model.get_layer(f"{name}_conv").output for name in units}
    answers = keras.Model(model.input, outputs).predict_on_batch(audio)
    for name, answer in answers.items():
        answer = np.asarray(answer, np.float32)
        mean, variance = answer.mean((0, 1), np.float64), answer.var((0, 1), np.float64)
        bias = given.layers[name][1]
        model.get_layer(f"{name}_norm").set_weights([np.sqrt(variance + students.EPSILON), bias + mean, mean, variance])
    if config.lookahead == given.config.lookahead:
        _head(model, config, given)


def _relative_scale(config: StudentConfig, given: StudentConfig) -> np.float32:
    """What makes the front answer as `given`'s does to the same speech, louder or softer by the ratio of the two mus.

    ``ln(1 + mu x)`` is the same wherever ``mu x`` is: two curves differ in level, and in what full scale is worth.
    """
    ours, theirs = (np.log1p(MU[one.companding]) for one in (config, given))
    return np.float32(ours / theirs)


def _head(model: keras.Model, config: StudentConfig, given: Folded) -> None:
    kernel, bias = model.get_layer("head").get_weights()
    for index, control in enumerate(config.controls):
        if control in given.config.controls:
            theirs = given.config.controls.index(control)
            kernel[..., index] = given.layers["head"][0][..., theirs] / students.HEAD_SCALE
            bias[index] = given.layers["head"][1][theirs] / students.HEAD_SCALE
    model.get_layer("head").set_weights([kernel, bias])


def _check(config: StudentConfig, given: Folded) -> None:
    theirs = given.config
    for field in ("sample_rate", "window"):
        if getattr(config, field) != getattr(theirs, field):
            raise BadInput(given.source, f"{field} is {getattr(theirs, field)}, the recipe's {getattr(config, field)}")
    if len(config.layers) != len(theirs.layers):
        raise BadInput(given.source, f"has {len(theirs.layers)} layers, the recipe {len(config.layers)}")
    for index, pair in enumerate(zip((config.front, *config.layers), (theirs.front, *theirs.layers), strict=True)):
        if pair[0] != pair[1]:
            name = f"student.layers.{index - 1}" if index else "student.front"
            raise BadInput(given.source, f"differs from the recipe in {name}: {pair[1]} for {pair[0]}")
