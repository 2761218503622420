"""The trained teacher: encoder and head from a folder, curves from audio."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...curves import Curves
from ...errors import BadInput
from ..protocol import Phone
from ..timing import frame_count
from . import head
from .encoder import SpeechEncoder
from .head import HeadConfig

ARITHMETIC = 1
"""Raised when the code changes what the same weights answer."""


class HubertTeacher:
    """Animates from audio alone; make one with `HubertTeacher.open`.

    Attributes
    ----------
    controls
        As the head was trained for; values are its own, not held to any range.
    """

    def __init__(self, encoder: SpeechEncoder, config: HeadConfig, network: Any) -> None:
        self._encoder, self._config, self._network = encoder, config, network
        self.controls: tuple[str, ...] = config.controls

    @classmethod
    def open(cls, folder: str | Path) -> HubertTeacher:
        """Load head.toml and head.safetensors from `folder`, and the encoder that head.toml names.

        Raises
        ------
        BadInput
            Head or encoder cannot be read, or do not fit each other.
        """
        folder = Path(folder)
        config, network = head.load(folder)
        encoder = SpeechEncoder.open(folder / config.encoder, config.layer)
        if encoder.width != config.width:
            problem = f"its head hears {config.width} features and the encoder gives {encoder.width}"
            raise BadInput(folder, problem, "train a head on this encoder")
        return cls(encoder, config, network)

    def fingerprint(self) -> str:
        """See `Teacher.fingerprint`: over the weights of encoder and head, and their settings."""
        says = self._config.model_dump_json(exclude={"encoder"})
        digest = hashlib.sha256(f"hubert {ARITHMETIC} {says} {self._encoder.fingerprint()}".encode())
        for name, value in sorted(self._network.state_dict().items()):
            digest.update(name.encode() + value.numpy().tobytes())
        return digest.hexdigest()

    def animate(self, audio: NDArray[np.float32], sample_rate: int, phones: Sequence[Phone] | None = None) -> Curves:
        """See `Teacher.animate`; `phones` are ignored."""
        import torch

        features = self._encoder.features(
            resampled(audio, sample_rate, self._encoder), frame_count(len(audio), sample_rate)
        )
        with torch.inference_mode():
            answer = self._network(torch.from_numpy(features.T.copy())[None])[0].T
        return Curves(np.ascontiguousarray(answer.numpy()), self.controls)


def resampled(audio: NDArray[np.float32], sample_rate: int, encoder: SpeechEncoder) -> NDArray[np.float32]:
    """Audio at the rate that the encoder hears."""
    if sample_rate == encoder.sample_rate:
        return audio
    import soxr

    return soxr.resample(audio, sample_rate, encoder.sample_rate, quality="HQ")
