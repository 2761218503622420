"""Quantisation-aware distillation: a student learns to live with its own int8, from its float self and its teacher.

The forward pass computes what the int8 student will: weights at the values that their codes stand for, activations
rounded and clipped to their ranges. The backward pass goes straight through the rounding (Bengio, Léonard and
Courville 2013, "Estimating or propagating gradients through stochastic neurons"), and is zero where a range clips.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput
from ..graph import Graph
from .fake_quant import Executor

_REFRESH = 4
"""Steps for which a weight's distance from its code's value is kept: finding safe pairs takes as long as a step."""


@dataclass(frozen=True)
class Tuning:
    """How long, and on how much at once.

    Attributes
    ----------
    steps, batch, frames
        Optimiser steps, stretches of audio in each, and output frames of a stretch.
    learning_rate
        Adam's first one; it falls to zero along a cosine.
    teacher_weight
        Of the error against the teacher's curves, where there are some; the float self's weighs 1.
    seed
        Of the choice of stretches.
    """

    steps: int = 300
    batch: int = 8
    frames: int = 24
    learning_rate: float = 5e-6
    teacher_weight: float = 0.5
    seed: int = 0


def fine_tune(
    scaled: Graph,
    heard: Sequence[NDArray[np.float32]],
    tuning: Tuning | None = None,
    curves: NDArray[np.float32] | None = None,
    pair_safe: bool = True,
) -> Graph:
    """The same student with weights that lose less in int8.

    Parameters
    ----------
    scaled
        A float graph whose tensors have the int8 scales that it will be quantised to.
    heard
        Companded audio, float32 [samples] each; the same recordings at several levels.
    curves
        What the teacher makes of them, float32 [samples // hop, controls]: one for all levels, since a quiet voice
        moves the lips as a loud one does. None to learn from the float self alone.
    pair_safe
        As it will be quantised.

    Returns
    -------
    Float, without scales.

    Raises
    ------
    BadInput
        The audio is shorter than one stretch, or `curves` do not belong to it.
    """
    tuning = tuning or Tuning()
    stretches = _Stretches(scaled, heard, curves, tuning)
    student, itself = Executor(scaled, fake=True), Executor(scaled, fake=False)
    step = _step(student, itself, stretches.spread, tuning if curves is not None else replace(tuning, teacher_weight=0))
    for index, (audio, target) in enumerate(stretches):
        if index % _REFRESH == 0:
            student.round(pair_safe)
        step(audio, target)
    tensors = tuple(replace(tensor, quant=None) for tensor in scaled.tensors)
    return replace(scaled, tensors=tensors, ops=student.trained())


def _step(student: Executor, itself: Executor, spread: NDArray[np.float32], tuning: Tuning) -> Any:
    import keras
    import tensorflow as tf

    schedule = keras.optimizers.schedules.CosineDecay(tuning.learning_rate, tuning.steps)
    optimiser = keras.optimizers.Adam(schedule)
    optimiser.build(student.variables)
    weight = tf.constant(1 / np.maximum(spread, 0.03))

    @tf.function
    def step(audio: Any, target: Any) -> Any:
        wanted = itself(audio)
        with tf.GradientTape() as tape:
            made = student(audio)
            loss = tf.reduce_mean(tf.square((made - wanted) * weight))
            loss += tuning.teacher_weight * tf.reduce_mean(tf.square((made - target) * weight))
        optimiser.apply_gradients(zip(tape.gradient(loss, student.variables), student.variables, strict=True))
        return loss

    return step


class _Stretches:
    """Batches of audio [batch, samples] with the teacher's curves [batch, frames, controls]."""

    def __init__(
        self, graph: Graph, heard: Sequence[NDArray[np.float32]], curves: NDArray[np.float32] | None, tuning: Tuning
    ) -> None:
        self._graph, self._heard, self._tuning = graph, heard, tuning
        self._samples = graph.receptive_field + (tuning.frames - 1) * graph.hop
        frames, shortest = len(heard[0]) // graph.hop, min(map(len, heard))
        if shortest < self._samples + graph.hop:
            raise BadInput("calibration", f"is {shortest} samples long", f"give {self._samples + graph.hop} or more")
        if curves is not None and curves.shape != (frames, len(graph.controls)):
            raise BadInput("curves", f"of shape {curves.shape}", f"give [{frames}, {len(graph.controls)}]")
        self._curves = np.zeros((frames, len(graph.controls)), np.float32) if curves is None else curves
        self.spread = self._typical() if curves is None else curves.std(0)

    def _typical(self) -> NDArray[np.float32]:
        """Standard deviation of each control, of what the float student itself says of the audio."""
        from ..reference import run

        plain = replace(self._graph, tensors=tuple(replace(tensor, quant=None) for tensor in self._graph.tensors))
        return run(plain, self._heard[0])[-1].std(0)

    def __iter__(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        graph, tuning = self._graph, self._tuning
        random = np.random.default_rng(tuning.seed)
        first = -(-(graph.receptive_field - graph.lookahead) // graph.hop)
        last = (min(map(len, self._heard)) - graph.lookahead) // graph.hop - tuning.frames
        for _ in range(tuning.steps):
            starts = random.integers(first, last + 1, tuning.batch)
            levels = random.integers(0, len(self._heard), tuning.batch)
            yield (
                np.stack([self._audio(level, start) for level, start in zip(levels, starts, strict=True)]),
                np.stack([self._curves[start : start + tuning.frames] for start in starts]),
            )

    def _audio(self, level: int, start: int) -> NDArray[np.float32]:
        """What `frames` frames from frame `start` on depend on: each sees `lookahead` samples beyond its own."""
        oldest = start * self._graph.hop + self._graph.lookahead - self._graph.receptive_field
        return self._heard[level][oldest : oldest + self._samples]
