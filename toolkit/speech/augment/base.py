"""What the augmentations share: types, level, lengths that an FFT does fast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
Generator = np.random.Generator

SILENT = 1e-6
"""Root mean square below which audio counts as silence and has no signal-to-noise ratio."""


def fast_length(samples: int) -> int:
    """The smallest length from `samples` on, of the form 2^k times 1, 3, 5, 9 or 15, that an FFT does fast."""
    exponents = ((odd, max(1, int(np.ceil(np.log2(max(samples, 2) / odd))))) for odd in (1, 3, 5, 9, 15))
    return min(odd << exponent for odd, exponent in exponents)


def rms(audio: Audio) -> float:
    """Root mean square, 0 of nothing."""
    return float(np.sqrt(np.dot(audio, audio) / max(len(audio), 1)))
