"""Stage 2's graph: the student that trains and the frozen one whose features it learns, over the same audio.

Both are chains of convolutions, so a feature depends on the audio up to its newest sample and on nothing else: two
features that are as old are comparable whatever the lookahead of the students, and sequences align at their newest.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers as kl
from keras import ops

from ..errors import BadInput
from . import students
from .architecture import StudentConfig
from .folded import Folded, listener
from .recipe import FeatureConfig, TrainConfig

PREFIX = "features_"
"""Before a layer's name: the output that says how much of the frozen features is not explained."""


class Unexplained(kl.Layer):
    """Squared error of [batch, frames, channels] against frozen features, over those features' variance.

    Takes the student's and the frozen features; the longer sequence loses its oldest frames. Answers with float32
    [batch, 1]: 0 where they are equal, about 1 where the student says no more than their mean.
    """

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """See the class."""
        ours, theirs = (ops.cast(x, "float32") for x in inputs)
        frames = min(ours.shape[1] or 0, theirs.shape[1] or 0) or ops.minimum(ops.shape(ours)[1], ops.shape(theirs)[1])
        ours, theirs = ours[:, -frames:], theirs[:, -frames:]
        variance = ops.mean(ops.var(theirs, axis=(0, 1)))
        return ops.mean(ops.square(ours - theirs), axis=(1, 2))[:, None] / (variance + 1e-6)


def pairs(student: StudentConfig, frozen: StudentConfig, features: FeatureConfig) -> dict[str, str]:
    """The student's layers and the frozen student's layers that they learn from.

    Raises
    ------
    BadInput
        The frozen student has no such layer, or one with another frame rate.
    """
    chosen = features.layers or {student.stem: frozen.stem, student.trunk: frozen.trunk}
    for ours, theirs in chosen.items():
        field = f"features.layers.{ours}"
        if theirs not in frozen.names:
            known = f"known: {', '.join(frozen.names)}"
            raise BadInput(f"recipe {student.name}", f"{field}: {frozen.name} has no layer {theirs}", known)
        if student.rate(ours) != frozen.rate(theirs):
            rates = f"a feature each {student.rate(ours)} samples, {theirs} one each {frozen.rate(theirs)}"
            raise BadInput(f"recipe {student.name}", f"{field}: has {rates}", "choose layers of one frame rate")
    return chosen


def graph(
    model: keras.Model, config: StudentConfig, frozen: Folded, features: FeatureConfig, train: TrainConfig
) -> keras.Model:
    """The student's model with one more output a pair of layers, called `PREFIX` and the student's layer.

    Parameters
    ----------
    model
        Made by `students.trainer`; shared, not copied.
    features
        `ahead` samples at the end of the audio are heard by the frozen student alone.
    train
        The recipe's training section: seed and precision.

    Returns
    -------
    Model float32 [batch, samples + ahead, 1] -> {"curves", "mel", PREFIX + layer: float32 [batch, 1], ...}.
    """
    chosen = pairs(config, frozen.config, features)
    audio = keras.Input((None, 1), name="audio")
    heard = kl.Cropping1D((0, features.ahead), name="heard")(audio) if features.ahead else audio
    taps = {name: students.features(model, name) for name in chosen}
    ours = keras.Model(model.input, dict(model.output) | taps, name="student")(heard)
    theirs = listener(frozen, list(dict.fromkeys(chosen.values())), train.precision)(audio)
    outputs = {"curves": ours["curves"], "mel": ours["mel"]}
    for name, wanted in chosen.items():
        x, channels = ours[name], frozen.config.channels(wanted)
        if channels != config.channels(name):
            initial = keras.initializers.GlorotUniform(seed=students.seed_of(f"project_{name}", train.seed))
            dtype = students.policy(train.precision)
            x = kl.Conv1D(channels, 1, kernel_initializer=initial, name=f"project_{name}", dtype=dtype)(x)
        outputs[PREFIX + name] = Unexplained(name=PREFIX + name, dtype="float32")([x, theirs[wanted]])
    return keras.Model(audio, outputs, name=f"{config.name}_hybrid")
