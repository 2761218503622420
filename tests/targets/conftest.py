"""A small student on disk, and profiles made to measure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from facelite.converters.backends.blob import pack
from facelite.graph import Clamp, Conv, Graph, Quant, Tensor
from facelite.student import Student, load


def _conv(name: str, source: int, kernel: int, shape: tuple[int, int], stride: int, seed: int) -> Conv:
    random = np.random.default_rng(seed)
    inputs, outputs = shape
    return Conv(
        name,
        source,
        random.integers(-50, 50, (outputs, kernel, inputs)).astype(np.int8),
        random.integers(-300, 300, outputs).astype(np.int32),
        stride,
        clamp=Clamp.RELU,
        weight_scale=np.full(outputs, 0.004, np.float32),
    )


@pytest.fixture(scope="session")
def bundle(tmp_path_factory) -> Path:
    """A folder with a two-layer student of hop 256 and 64 ms of lookahead, smoothed."""
    ops = (_conv("front", 0, 64, (1, 8), 16, 1), _conv("head", 1, 32, (8, 2), 16, 2))
    tensors = (
        Tensor("wave", 1, 1, Quant(float(np.float32(1 / 127)), 0)),
        Tensor("front", 8, 16, Quant(0.05, -128)),
        Tensor("head", 2, 256, Quant(0.05, -128)),
    )
    graph = Graph("small", 16000, 8192, 1024, ("jawOpen", "mouthClose"), tensors, ops, smoothing=True)
    folder = tmp_path_factory.mktemp("a bundle")
    (folder / "student.facelite").write_bytes(pack(graph))
    return folder


@pytest.fixture(scope="session")
def student(bundle) -> Student:
    return load(bundle)


@pytest.fixture
def profile_with(tmp_path) -> Callable[..., Path]:
    """`profile_with(weights="4096 B", ...)` writes a profile of exactly those limits and returns its path."""

    def make(**limits: str) -> Path:
        entries = []
        for key, text in limits.items():
            value, _, unit = text.partition(" ")
            figure = f'value = {value}, unit = "{unit}"' if unit else f'value = "{value}"'
            entries.append(f'{key} = {{ {figure}, source = "a test", confidence = "high" }}')
        path = tmp_path / "devkit.toml"
        path.write_text(_HEAD + "\n".join(entries) + "\n")
        return path

    return make


_HEAD = """
name = "devkit"
title = "A devkit"
arch = "x86_64"
[cpu]
model = { value = "a CPU", source = "a test", confidence = "low" }
cores = { value = 4, unit = "cores", source = "a test", confidence = "low" }
clock = { value = 2, unit = "GHz", source = "a test", confidence = "low" }
isa = { value = "avx2", source = "a test", confidence = "low" }
[limits]
"""
