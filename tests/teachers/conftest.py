"""Teachers' tests: torch stays on one thread, as the machine has few."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def torch():
    """PyTorch, single-threaded and quiet."""
    import torch

    torch.set_num_threads(1)
    return torch


@pytest.fixture
def voice() -> np.ndarray:
    """float32 [20011] at 16 kHz: noise under a slow swell, of a length that is no whole number of frames."""
    rng = np.random.default_rng(4)
    swell = 0.5 - 0.5 * np.cos(np.arange(20011) / 16000 * 2 * np.pi * 2.3)
    return (rng.standard_normal(20011) * swell * 0.1).astype(np.float32)
