"""Mu-law companding of PCM into int8 codes, defined by integer thresholds so that every runtime agrees.

A student's input is the companded waveform: eight bits of linear waveform lose quiet speech. The curve is
``y = sign(x) ln(1 + mu |x|) / ln(1 + mu)`` (ITU-T G.711's continuous mu-law) and the code is ``round(127 y)``; codes
run from -127 to 127 and code 0 is silence. The rounding happens once, here, when the thresholds are made; C kernels and
Python both compare integers with the same table.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .errors import BadInput

Curve = Literal["mulaw", "mulaw32"]

MU: dict[Curve, int] = {"mulaw": 255, "mulaw32": 32}
"""mu of each curve: "mulaw" is G.711's; "mulaw32" bends loud speech less and keeps 18 dB less of quiet speech.

Above full scale / mu, at -48 or -30 dB, the curve is close to a logarithm: there strong low harmonics and weak high
ones mix, and a student hears less of the latter.
"""

CODE_SCALE = 1.0 / 127.0
"""Real value of one input code: the companded waveform is ``code / 127``, zero point 0."""

FULL_SCALE = 32768
"""int16 samples per unit of float waveform."""


@cache
def thresholds(curve: Curve = "mulaw") -> NDArray[np.int32]:
    """The 127 smallest magnitudes (int16 units, 1..32768) that reach codes 1..127, ascending.

    The code of sample ``s`` is ``sign(s) * count(thresholds <= |s|)``.
    """
    levels = (np.arange(1, 128) - 0.5) / 127.0
    magnitudes = np.expm1(levels * np.log1p(MU[curve])) / MU[curve] * FULL_SCALE
    edges = np.ceil(magnitudes).astype(np.int32)
    edges.setflags(write=False)
    return edges


def check(curve: str, source: str) -> None:
    """Raises BadInput, naming `source`, if there is no such curve."""
    if curve not in MU:
        raise BadInput(source, f"companding {curve!r} is unknown", f"use one of {', '.join(MU)}")


def curve_of(edges: NDArray, source: str | Path) -> Curve:
    """The curve that has these thresholds; `source` is the file that they are of, for messages.

    Raises
    ------
    BadInput
        None has.
    """
    for curve in MU:
        if np.array_equal(edges, thresholds(curve)):
            return curve
    known = ", ".join(MU)
    raise BadInput(source, f"its thresholds are of none of {known}", "convert the student with this version")


@cache
def _table(curve: Curve) -> NDArray[np.int8]:
    samples = np.arange(-FULL_SCALE, FULL_SCALE, dtype=np.int32)
    codes = np.sign(samples) * np.searchsorted(thresholds(curve), np.abs(samples), side="right")
    table = codes.astype(np.int8)
    table.setflags(write=False)
    return table


def to_int16(pcm: NDArray[np.floating]) -> NDArray[np.int16]:
    """Clip float PCM to [-1, 1) and round half to even to int16, as the kernel does.

    Parameters
    ----------
    pcm
        float array of any shape, nominal range -1..1, finite.
    """
    scaled = np.rint(np.asarray(pcm, np.float32) * np.float32(FULL_SCALE))
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def encode(samples: NDArray[np.int16], curve: Curve = "mulaw") -> NDArray[np.int8]:
    """int16 PCM of any shape -> int8 codes of the same shape."""
    return _table(curve)[np.asarray(samples, np.int16).astype(np.int32) + FULL_SCALE]


def codes(pcm: NDArray, curve: Curve = "mulaw") -> NDArray[np.int8]:
    """float (-1..1) or int16 PCM -> int8 codes, the form in which a student of that curve hears."""
    pcm = np.asarray(pcm)
    return encode(pcm if pcm.dtype == np.int16 else to_int16(pcm), curve)


def samples(codes: NDArray[np.int8], curve: Curve = "mulaw") -> NDArray[np.int16]:
    """The quietest int16 PCM that has these codes (-127..127): of each code, its own threshold."""
    edges = np.concatenate([[0], thresholds(curve)])
    return (np.sign(codes) * edges[np.abs(codes.astype(np.int32))]).astype(np.int16)


def decode(codes: NDArray[np.int8]) -> NDArray[np.float32]:
    """int8 codes -> float32 companded waveform in [-1, 1], what the float student is given."""
    return np.asarray(codes, np.float32) * np.float32(CODE_SCALE)
