"""The datagrams of Epic's Live Link Face app, which Unreal listens for on UDP port 11111.

One frame is, big-endian: uint8 version 6; device id and subject name, each an int32 length and as many bytes; int32
frame number and float32 subframe; int32 numerator and denominator of the frame rate; uint8 61; float32 [61], the 52
shapes in the order of Unreal's EARFaceBlendShape, then yaw, pitch and roll of head, left and right eye. PyLiveLinkFace
(PyPI) reads and writes the same layout.
"""

from __future__ import annotations

import socket
import struct
import uuid
from fractions import Fraction

import numpy as np

from ...controls import ARKIT_52
from ...curves import Curves
from ..livelink import ROTATIONS
from ..rates import fraction

_VERSION = 6
_SWAPPED = {
    "jawRight": "jawLeft",
    "jawLeft": "jawRight",
    "mouthRight": "mouthLeft",
    "mouthLeft": "mouthRight",
}
"""The app's CSV has right before left in these; its packets have left before right."""

VALUES: tuple[str, ...] = (*(_SWAPPED.get(name, name) for name in ARKIT_52), *ROTATIONS)
"""Controls in the order of a packet."""


class Encoder:
    """Makes packets of one subject.

    Parameters
    ----------
    subject
        The name that Unreal lists it under.
    frame_rate
        Frames a second.
    first
        Number of the first frame: its timecode.
    """

    def __init__(self, subject: str, frame_rate: float, first: int = 0) -> None:
        rate: Fraction = fraction(frame_rate)
        device = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"facelite.{socket.gethostname()}"))
        self._head = struct.pack(">B", _VERSION) + _string(device) + _string(subject)
        self._rate = struct.pack(">ii", rate.numerator, rate.denominator)
        self._first = first

    def encode(self, curves: Curves, index: int) -> bytes:
        """Frame `index` of `curves`, whose controls are `VALUES`."""
        time = struct.pack(">if", self._first + index, 0.0)
        values = np.asarray(curves.values[index], ">f4").tobytes()
        return self._head + time + self._rate + struct.pack(">B", len(VALUES)) + values


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">i", len(data)) + data
