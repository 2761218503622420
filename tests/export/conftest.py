"""A small student of some ARKit controls, as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from facelite.converters.backends.blob import pack
from facelite.graph import Clamp, Conv, Graph, Quant, Tensor

CONTROLS = ("jawOpen", "mouthClose", "mouthPucker", "jawLeft")


@pytest.fixture(scope="session")
def student_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student.facelite that turns 256 samples into a frame of four controls."""
    random = np.random.default_rng(1)
    front = Conv(
        "front", 0, random.integers(-60, 60, (8, 256, 1)).astype(np.int8), np.zeros(8, np.int32), 256,
        clamp=Clamp.RELU, weight_scale=np.full(8, 0.004, np.float32),
    )  # fmt: skip
    last = Conv(
        "last", 1, random.integers(0, 60, (4, 1, 8)).astype(np.int8), np.zeros(4, np.int32),
        clamp=Clamp.RELU, weight_scale=np.full(4, 0.004, np.float32),
    )  # fmt: skip
    tensors = (
        Tensor("wave", 1, 1, Quant(float(np.float32(1 / 127)), 0)),
        Tensor("front", 8, 256, Quant(0.02, -128)),
        Tensor("last", 4, 256, Quant(0.004, -128)),
    )
    path = tmp_path_factory.mktemp("student") / "student.facelite"
    path.write_bytes(pack(Graph("small", 16000, 8192, 1024, CONTROLS, tensors, (front, last))))
    return path
