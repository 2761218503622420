"""Runs a graph in TensorFlow with weights that can be trained, as it is or as its int8 will compute it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..graph import Add, Clamp, Conv, Function, Graph, Map, Mean, Op, Quant
from ..requantise import CODE_MAX, CODE_MIN, quant_of


class Executor:
    """``executor(audio)``: companded audio [batch, samples] -> [batch, frames, controls], aligned at the newest.

    Parameters
    ----------
    graph
        Float weights; with `fake`, int8 scales on its tensors.
    fake
        Round weights and activations; else compute in float32.
    """

    def __init__(self, graph: Graph, fake: bool) -> None:
        import tensorflow as tf

        self._tf, self._graph, self._fake = tf, graph, fake
        self._weights: dict[int, tuple[Any, Any]] = {}
        self._rounding: dict[int, Any] = {}
        for index, op in enumerate(graph.ops):
            if isinstance(op, Conv):
                # TensorFlow's order is [kernel, in, out].
                kernel = np.ascontiguousarray(op.weight.transpose(1, 2, 0))
                self._weights[index] = tf.Variable(kernel, trainable=fake), tf.Variable(op.bias, trainable=fake)
                self._rounding[index] = tf.Variable(np.zeros_like(kernel), trainable=False)

    @property
    def variables(self) -> list[Any]:
        """Kernels and biases."""
        return [variable for pair in self._weights.values() for variable in pair]

    def trained(self) -> tuple[Op, ...]:
        """The graph's operators with the weights as they are now, float."""
        return tuple(self._now(index, op) if isinstance(op, Conv) else op for index, op in enumerate(self._graph.ops))

    def round(self, pair_safe: bool) -> None:
        """Bring every kernel to the values that the quantiser's codes stand for, by a constant beside the variable."""
        from facelite.converters.quantise import integer_conv

        for index, op in enumerate(self._graph.ops):
            if isinstance(op, Conv):
                now = self._now(index, op)
                # The quantiser finds a convolution's scales by the graph that it stands in.
                ops = (*self._graph.ops[:index], now, *self._graph.ops[index + 1 :])
                codes = integer_conv(now, replace(self._graph, ops=ops), pair_safe)
                assert codes.weight_scale is not None  # the quantiser's own promise
                real = codes.weight * codes.weight_scale[:, None, None]
                self._rounding[index].assign((real - now.weight).transpose(1, 2, 0))

    def _now(self, index: int, op: Conv) -> Conv:
        kernel, bias = (variable.numpy() for variable in self._weights[index])
        return replace(op, weight=np.ascontiguousarray(kernel.transpose(2, 0, 1)), bias=bias)

    def __call__(self, audio: Any) -> Any:
        tensors = [self._tf.expand_dims(audio, -1)]
        for index, op in enumerate(self._graph.ops):
            made = _RUN[type(op)](self, op, index, tensors)
            made = self._limited(made, op)
            tensors.append(self._rounded(made, quant_of(self._graph, index + 1)) if self._fake else made)
        return tensors[-1]

    def conv(self, op: Conv, index: int, tensors: list[Any]) -> Any:
        kernel, bias = self._weights[index]
        if self._fake:
            kernel = kernel + self._rounding[index]
        frames = self._newest(tensors[op.input], op.delay)
        frames = frames[:, (frames.shape[1] - op.span) % op.stride :]
        taps, inputs, outputs = kernel.shape
        if op.dilation > 1:  # TensorFlow has no gradient of it on CPUs where oneDNN is off
            count = self._tf.shape(frames)[1] - (taps - 1) * op.dilation
            shifted = [frames[:, tap * op.dilation : tap * op.dilation + count] for tap in range(taps)]
            frames, kernel = self._tf.concat(shifted, -1), self._tf.reshape(kernel, (1, taps * inputs, outputs))
        return self._tf.nn.conv1d(frames, kernel, op.stride, "VALID") + bias

    def add(self, op: Add, index: int, tensors: list[Any]) -> Any:
        a, b = self._newest(tensors[op.input], op.delay), self._newest(tensors[op.other], op.other_delay)
        common = min(a.shape[1], b.shape[1])
        return a[:, a.shape[1] - common :] + b[:, b.shape[1] - common :]

    def mean(self, op: Mean, index: int, tensors: list[Any]) -> Any:
        return self._tf.nn.avg_pool1d(self._newest(tensors[op.input], op.delay), op.kernel, 1, "VALID")

    def map(self, op: Map, index: int, tensors: list[Any]) -> Any:
        source = tensors[op.input]
        if op.function is Function.LEAKY_RELU:
            return self._tf.nn.leaky_relu(source, op.alpha)
        if op.function is Function.REQUANTISE:
            return source
        return {Function.SIGMOID: self._tf.sigmoid, Function.TANH: self._tf.tanh}[op.function](source)

    def _newest(self, frames: Any, delay: int) -> Any:
        return frames[:, : frames.shape[1] - delay]

    def _limited(self, values: Any, op: Op) -> Any:
        clamp = Clamp.NONE if isinstance(op, Mean) else op.clamp
        return values if clamp is Clamp.NONE else self._tf.clip_by_value(values, *map(np.float32, clamp.bounds))

    def _rounded(self, values: Any, quant: Quant) -> Any:
        """The nearest code's value; the gradient passes where a code is in range."""
        low, high = ((code - quant.zero_point) * quant.scale for code in (CODE_MIN, CODE_MAX))
        within = self._tf.clip_by_value(values, low, high)
        steps = self._tf.round(within / quant.scale) * quant.scale
        return within + self._tf.stop_gradient(steps - within)


_RUN: dict[type, Callable[[Executor, Any, int, list[Any]], Any]] = {
    Conv: Executor.conv,
    Add: Executor.add,
    Mean: Executor.mean,
    Map: Executor.map,
}
