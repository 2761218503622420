"""A narrow student's weights for a wider one that answers alike (Net2Net: Chen, Goodfellow and Shlens, ICLR 2016).

Each new channel repeats an old one, and what reads both shares the old weight between them. The shares are uneven,
or the copies would be given the same gradients and stay copies.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .architecture import StudentConfig
from .folded import Folded

_LEAST, _MOST = 0.5, 1.5
"""Between which a copy's share is drawn, before the shares of one channel are made to sum to 1."""


def widened(given: Folded, config: StudentConfig, seed: int = 1) -> Folded:
    """`given` with the channels of `config`; the same object where there are no more.

    Parameters
    ----------
    given
        A student whose layers differ from the config's in their channels at most, of which it has no more; any
        other is given back as it is, for the caller to refuse.
    seed
        Of the shares.
    """
    theirs = (given.config.front, *given.config.layers)
    wanted = (config.front, *config.layers)
    if theirs == wanted or len(theirs) != len(wanted):
        return given
    if any(
        mine.channels < old.channels or mine.model_copy(update={"channels": old.channels}) != old
        for mine, old in zip(wanted, theirs, strict=True)
    ):
        return given
    rng = np.random.default_rng(seed)
    layers = {}
    inputs = np.zeros(1, np.int64)
    names = ["front", *(f"conv{index + 1}" for index in range(len(config.layers)))]
    for name, mine, old in zip(names, wanted, theirs, strict=True):
        outputs = np.arange(mine.channels) % old.channels
        kernel, bias = given.layers[name]
        layers[name] = _shared(kernel[..., outputs], inputs, rng), bias[outputs]
        inputs = outputs
    kernel, bias = given.layers["head"]
    layers["head"] = _shared(kernel, inputs, rng), bias
    wider = given.config.model_copy(update={"front": config.front, "layers": config.layers})
    return replace(given, config=wider, layers=layers)


def _shared(kernel: NDArray[np.float32], inputs: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
    """Kernel [taps, old in, out] -> [taps, in, out]; the copies of an input sum to what it was.

    Parameters
    ----------
    inputs
        Of each new input the old one that it repeats.
    """
    shares = rng.uniform(_LEAST, _MOST, (len(inputs), kernel.shape[2]))
    total = np.zeros(kernel.shape[1:])
    np.add.at(total, inputs, shares)
    return (kernel[:, inputs] * (shares / total[inputs])).astype(np.float32)
