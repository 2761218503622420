"""How probable each state of each phone is, frame by frame."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import cepstra, model_files
from .model_files import STATES, AcousticModel

PHONES = 42
COUNT = STATES * PHONES
"""States that are told apart: three of each phone."""

LOWEST, HALF_RANGE = -16.0, 8.0
"""Natural logarithms of probability -16 and 0 become -1 and 1; what is less probable is as good as impossible."""

_AT_ONCE = 512
"""Frames; each takes 66 kB of densities."""

TINY = 1e-37
"""Three mixtures of near misses: the product must not leave float32."""


def constants() -> tuple[object, ...]:
    """All but the acoustic model that decides the answers, for fingerprints."""
    spectra = (cepstra.SAMPLE_RATE, cepstra.STEP, cepstra.WINDOW, cepstra.FFT, cepstra.BANDS, cepstra.LOWEST)
    heard = (cepstra.HIGHEST, cepstra.COEFFICIENTS, cepstra.LIFTER, cepstra.EMPHASIS, cepstra.FLOOR, cepstra.LEAST)
    return (*spectra, *heard, cepstra.REACH, cepstra.STREAMS, PHONES, STATES, LOWEST, HALF_RANGE, TINY)


class Senones:
    """An acoustic model made ready to be asked.

    A senone's likelihood is the product over streams of its mixture of its phone's Gaussians; a state's is that of its
    most likely senone, since which sounds stand beside it is not known.
    """

    def __init__(self, model: AcousticModel) -> None:
        order = np.argsort(model.owners, kind="stable")
        owners = model.owners[order]
        self.firsts = np.searchsorted(owners, np.arange(STATES * len(model.phones) + 1))
        self.mixtures = model.mixtures[:, :, order]
        self.forms = np.stack([_forms(model, stream) for stream in range(cepstra.STREAMS)])
        self.phones = len(model.phones)

    def span(self, state: int, states: int = 1) -> slice:
        """Which of the mixtures are those of `states` states from `state` on."""
        return slice(int(self.firsts[state]), int(self.firsts[state + states]))

    def log_posteriors(self, streams: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of each state among all: [frames, 3, 13] -> float32 [frames, 3 * phones], phone by phone."""
        chunks = [self._likelihoods(streams[at : at + _AT_ONCE]) for at in range(0, len(streams), _AT_ONCE)]
        likelihoods = np.concatenate(chunks)
        likelihoods -= likelihoods.max(1, keepdims=True)
        return likelihoods - np.log(np.exp(likelihoods).sum(1, keepdims=True))

    def _likelihoods(self, streams: NDArray[np.float32]) -> NDArray[np.float32]:
        count = len(streams)
        peaks = np.zeros((count, self.phones), np.float32)
        shares = []
        for stream, form in enumerate(self.forms):
            x = streams[:, stream]
            raised = np.concatenate([x * x, x, np.ones((count, 1), np.float32)], 1)
            density = (raised @ form).reshape(count, self.phones, -1)
            peak = density.max(2)
            peaks += peak
            shares.append(np.exp(density - peak[:, :, None]))
        best = np.empty((count, STATES * self.phones), np.float32)
        for phone in range(self.phones):
            own = self.span(STATES * phone, STATES)
            product = np.float32(1)
            for stream, share in enumerate(shares):
                product = product * (share[:, phone] @ self.mixtures[stream][:, own])
            states = slice(STATES * phone, STATES * (phone + 1))
            best[:, states] = np.maximum.reduceat(product, self.firsts[states] - own.start, axis=1)
        return np.log(best + np.float32(TINY)) + np.repeat(peaks, STATES, axis=1)


def _forms(model: AcousticModel, stream: int) -> NDArray[np.float32]:
    """Logarithms of the densities as one product with [x², x, 1]: float32 [27, phones * Gaussians]."""
    mean, variance = (v[:, stream].reshape(-1, v.shape[-1]).astype(float) for v in (model.means, model.variances))
    constant = -0.5 * (np.log(2 * np.pi * variance) + mean**2 / variance).sum(1)
    return np.concatenate([-0.5 / variance.T, (mean / variance).T, constant[None]]).astype(np.float32)


@cache
def installed() -> Senones:
    """pocketsphinx's.

    Raises
    ------
    MissingDependency
        pocketsphinx is not installed.
    """
    return Senones(model_files.installed())


def senones(audio: NDArray[np.float32], step: int, count: int) -> NDArray[np.float32]:
    """What the teacher hears: the states' log posteriors in -1..1, at other instants than the model's own.

    Parameters
    ----------
    audio
        float32 [samples] at 16 kHz.
    step, count
        Row ``i`` of the answer stands at sample ``step * i``; between the model's frames, every 10 ms, it is
        interpolated. There are `count` rows; silence follows the audio where it is shorter.

    Returns
    -------
    float32 [count, 126].
    """
    heard = np.zeros(max(step * count, cepstra.STEP), np.float32)
    heard[: min(len(audio), len(heard))] = audio[: len(heard)]
    posteriors = installed().log_posteriors(cepstra.streams(heard))
    levels = (np.maximum(posteriors, LOWEST) / HALF_RANGE + 1).astype(np.float32)
    place = np.minimum(np.arange(count) * (step / cepstra.STEP), len(levels) - 1).astype(np.float32)
    below = np.minimum(place.astype(np.int64), max(len(levels) - 2, 0))
    above = np.minimum(below + 1, len(levels) - 1)
    share = (place - below).astype(np.float32)[:, None]
    return levels[below] * (1 - share) + levels[above] * share
