"""Training the head; the encoder stays as it is, so each recording passes through it once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import BadInput
from ...speech.audio import SAMPLE_RATE
from ..timing import frame_count
from . import head
from .encoder import SpeechEncoder
from .head import HeadConfig
from .teacher import resampled

Pair = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Audio float32 [samples] at 16 kHz; curves float32 [ceil(samples / 256), controls]."""

_FLOOR = 0.03
"""Standard deviation below which a control weighs no more; as in the students' loss."""


@dataclass(frozen=True)
class HeadTraining:
    """How the head is trained: `batch` crops of `crop` frames a step, AdamW, the rate falling to 0 as a cosine."""

    steps: int = 2000
    batch: int = 16
    crop: int = 125
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    velocity_weight: float = 0.5
    seed: int = 1


def train_head(
    encoder: str | Path,
    pairs: Iterable[Pair],
    controls: tuple[str, ...],
    folder: str | Path,
    layer: int = -1,
    training: HeadTraining | None = None,
    channels: int = 256,
    progress: Callable[[int, float], object] = lambda step, loss: None,
) -> list[float]:
    """Train a head on recordings with curves, and leave a teacher in `folder`.

    Parameters
    ----------
    encoder
        Folder of the encoder; head.toml keeps the way to it from `folder`.
    pairs
        Recordings; features of all of them are held in memory, about 350 MB an hour for a width of 768.
    controls
        Names of the curves' columns.
    layer
        Of the encoder; -1 the last.
    training
        Steps, batch, rate, seed; on one machine and thread count the same training gives the same head.
    channels
        Of the head's hidden convolutions.
    progress
        Called as ``progress(step, loss)`` after each step.

    Returns
    -------
    The loss of each step: squared error of each control over its variance, and of its frame-to-frame differences.

    Raises
    ------
    BadInput
        The encoder cannot be used, there is no recording, or curves do not fit their audio or are not finite.
    """
    training = training or HeadTraining()
    listener = SpeechEncoder.open(encoder, layer)
    heard = [_heard(listener, audio, curves, len(controls)) for audio, curves in pairs]
    if not heard:
        raise BadInput("train_head", "no recordings were given", "give audio with curves")
    folder = Path(folder)
    config = HeadConfig(
        encoder=Path(os.path.relpath(encoder, folder)).as_posix(),
        layer=layer,
        width=listener.width,
        controls=tuple(controls),
        channels=channels,
    )
    network, losses = _train(config, heard, training, progress)
    head.save(folder, config, network)
    return losses


def _heard(
    encoder: SpeechEncoder, audio: NDArray[np.float32], curves: NDArray[np.float32], controls: int
) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    frames = frame_count(len(audio), SAMPLE_RATE)
    if curves.shape != (frames, controls):
        problem = f"curves of shape {curves.shape} for {frames} frames of audio and {controls} controls"
        raise BadInput("train_head", problem, "give 62.5 frames a second, ceil(samples / 256)")
    if not np.isfinite(curves).all():
        raise BadInput("train_head", "curves hold NaN or infinity", "repair them")
    features = encoder.features(resampled(audio, SAMPLE_RATE, encoder), frames)
    return features.astype(np.float16), np.asarray(curves, np.float32)


def _train(
    config: HeadConfig, heard: list[tuple[NDArray, NDArray]], training: HeadTraining, progress: Callable
) -> tuple[Any, list[float]]:
    import torch

    torch.manual_seed(training.seed)
    rng = np.random.default_rng(training.seed)
    network = config.network().train()
    optimiser = torch.optim.AdamW(network.parameters(), training.learning_rate, weight_decay=training.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, training.steps)
    every = np.concatenate([curves for _, curves in heard])
    scale = torch.from_numpy(1 / np.maximum(every.std(0), _FLOOR))[:, None]
    network[-1].weight.data.zero_()
    network[-1].bias.data = torch.from_numpy(every.mean(0))
    losses = []
    for step in range(training.steps):
        features, curves = (torch.from_numpy(part) for part in _batch(heard, training, rng))
        error = (network(features) - curves) * scale
        loss = error.square().mean() + training.velocity_weight * error.diff(dim=-1).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        progress(step + 1, losses[-1])
    return network.eval(), losses


def _batch(
    heard: list[tuple[NDArray, NDArray]], training: HeadTraining, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Crops, [batch, width, frames] and [batch, controls, frames]; recordings by their length, short ones repeated."""
    lengths = np.array([len(curves) for _, curves in heard], np.float64)
    chosen = rng.choice(len(heard), training.batch, p=lengths / lengths.sum())
    features, curves = [], []
    for index in chosen:
        whole, answer = heard[index]
        first = int(rng.integers(max(len(answer) - training.crop, 0) + 1))
        frames = np.arange(first, first + training.crop) % len(answer)
        features.append(whole[frames].T.astype(np.float32))
        curves.append(answer[frames].T)
    return np.stack(features), np.stack(curves)
