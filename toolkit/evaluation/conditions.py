"""Under which conditions speech is heard: as it is, quieter, in noise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLEAN = "clean"


@dataclass(frozen=True)
class Condition:
    """A change to every clip, the same each time.

    Attributes
    ----------
    gain_db
        Level at which clips are played; what leaves -1..1 is clipped.
    snr_db
        Pink noise is added at this ratio to the clip's root mean square, before the gain; None for none.
    """

    gain_db: float = 0.0
    snr_db: float | None = None

    @property
    def name(self) -> str:
        """ "clean", "-30 dB", "20 dB SNR"."""
        parts = [f"{self.gain_db:+g} dB"] if self.gain_db else []
        parts += [f"{self.snr_db:g} dB SNR"] if self.snr_db is not None else []
        return ", ".join(parts) or CLEAN

    def heard(self, pcm: NDArray[np.float32], path: str) -> NDArray[np.float32]:
        """`pcm`, float32 [samples], under this condition; the noise is the clip's own, chosen by its `path`."""
        if self.snr_db is not None:
            from ..speech.augment import add_noise, coloured_noise

            seed = int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "little")
            random = np.random.default_rng(seed)
            pcm = add_noise(pcm, coloured_noise(len(pcm), random), random, self.snr_db, self.snr_db)
        return np.clip(pcm * np.float32(10 ** (self.gain_db / 20)), -1, 1)
