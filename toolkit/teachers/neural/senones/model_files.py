"""pocketsphinx's US English acoustic model, read from the files that its package installs.

A phonetically tied mixture model (Lee, Reddy and Hwang 1990 call its states senones): every phone has a codebook of
Gaussians for each of three streams, every senone weights over its phone's. The layouts are SphinxTrain's: "s3"
parameter files, a binary model definition, and mixture weights in 8 bits.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....errors import BadInput, MissingDependency

MEANS, VARIANCES, DEFINITION, MIXTURES = "means", "variances", "mdef", "sendump"

STATES = 3
"""Emitting states of a phone: how it begins, holds and ends."""

_MAGIC = b'D3"\x11'
"""11223344h, little-endian: stands before an s3 file's numbers."""

_SCORE_UNIT = 1024 * np.log(1.0001)
"""Nats of one step of a mixture weight: integer logarithms to the base 1.0001, ten bits shifted off."""

_VARIANCE_FLOOR = 1e-4
"""The decoder's own."""


@dataclass(frozen=True, eq=False)
class AcousticModel:
    """Gaussians and what its senones make of them.

    Attributes
    ----------
    phones
        ARPAbet without stress, SIL, and two kinds of noise; sorted.
    means, variances
        float32 [phones, streams, Gaussians, coefficients].
    mixtures
        float32 [streams, Gaussians, senones], probabilities.
    owners
        int [senones]: ``3 * phone + state`` that each senone stands for, in whatever context.
    digest
        Hexadecimal SHA-256 over the files.
    """

    phones: tuple[str, ...]
    means: NDArray[np.float32]
    variances: NDArray[np.float32]
    mixtures: NDArray[np.float32]
    owners: NDArray[np.int64]
    digest: str


@cache
def installed() -> AcousticModel:
    """The model that pocketsphinx brings; read once a process.

    Raises
    ------
    MissingDependency
        pocketsphinx is not installed.
    BadInput
        Its files are not those of a model of this kind.
    """
    try:
        import pocketsphinx
    except ImportError:
        raise MissingDependency("a teacher that hears senones", "pocketsphinx", "pip install facelite[align]") from None
    return read(Path(pocketsphinx.get_model_path()) / "en-us" / "en-us")


def read(folder: Path) -> AcousticModel:
    """A model from its folder.

    Raises
    ------
    BadInput
        A file is missing or not what it should be; it is named.
    """
    contents = {}
    for name in (MEANS, VARIANCES, DEFINITION, MIXTURES):
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            raise BadInput(folder / name, f"cannot be read ({error.strerror})", "install pocketsphinx again") from None
    try:
        phones, owners = _definition(contents[DEFINITION])
        means, variances = _parameters(contents[MEANS]), _parameters(contents[VARIANCES])
        mixtures = _mixtures(contents[MIXTURES], means.shape[1], len(owners))
        if means.shape != variances.shape or mixtures.shape[1] != means.shape[2] or len(means) != len(phones):
            raise ValueError("its files do not fit each other")
    except (ValueError, struct.error) as error:
        raise BadInput(folder, f"is no phonetically tied acoustic model ({error})", "install pocketsphinx 5") from None
    digest = hashlib.sha256(b"".join(contents[name] for name in sorted(contents))).hexdigest()
    return AcousticModel(phones, means, np.maximum(variances, _VARIANCE_FLOOR), mixtures, owners, digest)


def _parameters(data: bytes) -> NDArray[np.float32]:
    """An s3 file: a text header, a magic number, three counts, a length for each stream, a total, floats."""
    start = data.index(b"endhdr\n") + len(b"endhdr\n")
    if data[start : start + 4] != _MAGIC:
        raise ValueError("a parameter file of another byte order")
    codebooks, streams, gaussians = struct.unpack_from("<3i", data, start + 4)
    lengths = struct.unpack_from(f"<{streams}i", data, start + 16)
    at = start + 16 + 4 * streams
    (total,) = struct.unpack_from("<i", data, at)
    if len(set(lengths)) != 1 or total != codebooks * gaussians * sum(lengths):
        raise ValueError("streams of unequal lengths")
    return np.frombuffer(data, "<f4", total, at + 4).reshape(codebooks, streams, gaussians, lengths[0])


def _mixtures(data: bytes, streams: int, senones: int) -> NDArray[np.float32]:
    """Strings, each behind its length, ended by a length of 0; rows and columns; a byte for each weight."""
    at = 0
    while length := struct.unpack_from("<i", data, at)[0]:
        at += 4 + length
    rows, columns = struct.unpack_from("<2i", data, at + 4)
    if columns != senones:
        raise ValueError("mixture weights of other senones than the definition's")
    steps = np.frombuffer(data, np.uint8, streams * rows * columns, at + 12).reshape(streams, rows, columns)
    return np.exp(-_SCORE_UNIT * steps.astype(np.float32)).astype(np.float32)


def _definition(data: bytes) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of the phones, and whom each senone belongs to.

    Ten counts; the names; padding; a tree of contexts, 8 bytes a node; the phones in context, 12 bytes each: number
    of their sequence of senones, transition matrix, and four bytes of which the second is the phone itself; then
    the sequences behind their total length.
    """
    ended = b"END FILE FORMAT DESCRIPTION\n"
    start = -(-(data.index(ended) + len(ended)) // 4) * 4
    start = data.index(b"+NSN+\0", start)
    counts = struct.unpack_from("<10i", data, start - 40)
    bases, contexts, states, _, senones, _, sequences, _, nodes, _ = counts
    if states != STATES:
        raise ValueError(f"phones of {states} states")
    names, at = [], start
    for _ in range(bases):
        end = data.index(b"\0", at)
        names.append(data[at:end].decode("ascii"))
        at = end + 1
    at = -(-(at - start) // 4) * 4 + start + 8 * nodes
    phones = np.frombuffer(data, [("sequence", "<i4"), ("matrix", "<i4"), ("bytes", "i1", 4)], contexts, at)
    at += 12 * contexts
    (total,) = struct.unpack_from("<i", data, at)
    if total != states * sequences:
        raise ValueError("a model definition of another layout")
    sequence = np.frombuffer(data, "<i2", total, at + 4).reshape(sequences, states)[phones["sequence"]]
    base = np.where(np.arange(contexts) < bases, np.arange(contexts), phones["bytes"][:, 1])
    owners = np.full(senones, -1)
    owners[sequence] = states * base[:, None] + np.arange(states)
    if owners.min() < 0:
        raise ValueError("senones that no phone uses")
    return tuple(names), owners
