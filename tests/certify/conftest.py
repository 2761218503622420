"""A small student, whose streams take no time, and two seconds of sound for it."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.graph import Add, Conv, Graph, Quant, Tensor


def _conv(name: str, source: int, shape: tuple[int, int, int], stride: int = 1, delay: int = 0) -> Conv:
    random = np.random.default_rng(source)
    weight = random.integers(-100, 101, shape).astype(np.int8)
    weight[:, -1] = 90  # the newest tap must be heard
    scale = np.full(shape[0], 0.03 / shape[1], np.float32)
    return Conv(name, source, weight, np.zeros(shape[0], np.int32), stride, delay=delay, weight_scale=scale)


def make(unheard: int = 0) -> Graph:
    """Hop 256, lookahead 1024 samples, smoothing, an addition; `unheard` frames of 64 samples are cropped."""
    ops = (
        _conv("front", 0, (6, 80, 1), stride=64),
        _conv("body", 1, (6, 5, 6), stride=4, delay=unheard),
        _conv("branch", 2, (6, 3, 6)),
        Add("residual", 2, 3),
        _conv("head", 4, (3, 2, 6)),
    )
    shapes = ((1, 1), (6, 64), (6, 256), (6, 256), (6, 256), (3, 256))
    quants = (Quant(float(np.float32(1 / 127)), 0), *[Quant(float(np.float32(0.02)), 0)] * 5)
    names = ("wave", *(op.name for op in ops))
    tensors = tuple(Tensor(name, *shape, quant) for name, shape, quant in zip(names, shapes, quants, strict=True))
    controls = ("jawOpen", "mouthClose", "mouthFunnel")
    return Graph("small", 16000, 4096, 1024, controls, tensors, ops, smoothing=True)


@pytest.fixture(scope="session")
def graph() -> Graph:
    return make()


@pytest.fixture(scope="session")
def cropped() -> Graph:
    """Two frames of its first layer, 128 samples, are never read."""
    return make(unheard=2)


@pytest.fixture(scope="session")
def pcm() -> np.ndarray:
    """int16 [32000]."""
    random = np.random.default_rng(1)
    return (random.normal(0, 4000, 32000) * np.abs(np.sin(np.arange(32000) / 2000))).astype(np.int16)
