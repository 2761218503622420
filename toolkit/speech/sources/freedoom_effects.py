"""The sound effects in Doom's archives."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
import soxr

from ..audio import SAMPLE_RATE

PREFIX, SAMPLED = "DS", 3
HEADER = struct.Struct("<HHI16x")
"""Format, Hz, length, 16 bytes of padding; then 8 bits unsigned a sample (Doom Wiki, "Sound")."""

VOICES = ("PLPAIN", "PLDETH", "PDIEHI", "OOF", "NOWAY", "RADIO")
"""A person's: a face may move to those."""


def effects(archives: Mapping[str, Mapping[str, bytes]]) -> list[tuple[str, np.ndarray]]:
    """Names and sounds, float32 [samples] at 16 kHz, of every effect that is no person's voice."""
    found: dict[bytes, tuple[str, np.ndarray]] = {}
    for lumps in archives.values():
        for name, data in lumps.items():
            title = name.removeprefix(PREFIX)
            if name.startswith(PREFIX) and title not in VOICES and len(data) > HEADER.size and data not in found:
                kind, rate, _ = HEADER.unpack_from(data)
                if kind == SAMPLED:
                    found[data] = title.lower(), _decoded(data[HEADER.size :], rate)
    return sorted(found.values(), key=lambda effect: effect[0])


def _decoded(data: bytes, rate: int) -> np.ndarray:
    samples = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    return soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ").astype(np.float32)
