"""A speech encoder in Hugging Face's format, from a local folder: frozen, without pickle, without network."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import BadInput
from ..timing import on_grid

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when transformers is imported: nothing here asks a server

ENCODERS = ("hubert", "wav2vec2", "wavlm")
"""Model types that are known: convolutions over the waveform, then a transformer."""

PIECE, CONTEXT = 1500, 50
"""Encoder frames that are heard at once and on either side of them: 30 s and 1 s. Attention's memory grows with the
square."""

_CONFIG, _EXTRACTOR = "config.json", "preprocessor_config.json"


class SpeechEncoder:
    """Audio -> features on the grid of 62.5 frames a second.

    Attributes
    ----------
    sample_rate
        Hz that it hears.
    width
        Features a frame.
    """

    def __init__(self, model: Any, folder: Path, extractor: dict[str, Any], layer: int) -> None:
        config = model.config
        self._model, self._folder, self._layer = model, folder, layer
        self._normalise = bool(extractor.get("do_normalize", True))
        self.sample_rate = int(extractor.get("sampling_rate", 16000))
        self.width = int(config.hidden_size)
        self._stride = int(np.prod(config.conv_stride))
        self._reach = _receptive_field(config.conv_kernel, config.conv_stride)

    @classmethod
    def open(cls, folder: str | Path, layer: int = -1) -> SpeechEncoder:
        """Load an encoder.

        Parameters
        ----------
        folder
            With config.json and model.safetensors, as `save_pretrained` writes them.
        layer
            Whose output is used: -1 the last, 0 what goes into the first.

        Raises
        ------
        BadInput
            The folder holds no encoder, one of another type, or weights that are not safetensors.
        """
        folder = Path(folder)
        config = _json(folder / _CONFIG, "give a folder written by save_pretrained")
        kind = config.get("model_type")
        if kind not in ENCODERS:
            raise BadInput(folder / _CONFIG, f"model_type {kind!r} is no speech encoder", f"use {', '.join(ENCODERS)}")
        if not list(folder.glob("*.safetensors")):
            raise BadInput(folder, "holds no .safetensors weights", "save the model again with safe_serialization")
        layers = int(config.get("num_hidden_layers", 12))
        if not -1 <= layer <= layers:
            raise BadInput(folder, f"has no layer {layer}", f"use 0 to {layers}, or -1")
        extractor = _json(folder / _EXTRACTOR, "") if (folder / _EXTRACTOR).exists() else {}
        return cls(_load(folder), folder, extractor, layer)

    def features(self, audio: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
        """What the encoder makes of an utterance.

        Parameters
        ----------
        audio
            float32 [samples] at `sample_rate`.
        frames
            How many are wanted, 62.5 a second from the first sample on.

        Returns
        -------
        float32 [frames, width]: linear interpolation between encoder frames, each standing at the middle of the
        samples it hears.
        """
        heard = np.asarray(audio, np.float32)
        if self._normalise:
            # Hugging Face's Wav2Vec2FeatureExtractor.zero_mean_unit_var_norm.
            heard = (heard - heard.mean()) / np.sqrt(heard.var() + 1e-7)
        heard = np.pad(heard, (0, max(self._reach - len(heard), 0)))
        count = (len(heard) - self._reach) // self._stride + 1
        own = np.concatenate([self._piece(heard, first, count) for first in range(0, count, PIECE)])
        middles = (np.arange(count) * self._stride + (self._reach - 1) / 2) / self.sample_rate
        return on_grid(own, middles, frames)

    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 over weights and settings."""
        digest = hashlib.sha256(f"{self._layer} {self._normalise} {self.sample_rate}".encode())
        for path in (self._folder / _CONFIG, *sorted(self._folder.glob("*.safetensors"))):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def _piece(self, heard: NDArray[np.float32], first: int, count: int) -> NDArray[np.float32]:
        """Encoder frames `first` to `first + PIECE`, heard with what is around them."""
        import torch

        last = min(first + PIECE, count)
        start, end = max(first - CONTEXT, 0), min(last + CONTEXT, count)
        # To the very end in the last piece: some encoders normalise over all that they hear.
        samples = heard[start * self._stride : len(heard) if end == count else (end - 1) * self._stride + self._reach]
        with torch.inference_mode():
            answer = self._model(torch.from_numpy(samples)[None], output_hidden_states=self._layer >= 0)
        chosen = answer.hidden_states[self._layer] if self._layer >= 0 else answer.last_hidden_state
        return chosen[0, first - start : last - start].float().numpy()


def _load(folder: Path) -> Any:
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        model = transformers.AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    except Exception as error:  # transformers, safetensors and torch raise classes of their own
        problem = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise BadInput(folder, f"transformers cannot open it: {problem}", "save the encoder again") from error
    return model.eval().requires_grad_(False)


def _json(path: Path, mend: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror})", mend) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput(path, f"is not JSON ({error})", mend) from None
    if not isinstance(document, dict):
        raise BadInput(path, "is no JSON object", mend)
    return document


def _receptive_field(kernels: list[int], strides: list[int]) -> int:
    reach, step = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        reach += (kernel - 1) * step
        step *= stride
    return reach
