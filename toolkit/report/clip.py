"""The recording that a report plays: its sound, the student's curves, and what is said when."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from ..companding import to_int16
from ..controls import closure
from ..curves import Curves
from ..teachers.protocol import Phone

PEAK_RATE = 1000
"""Slices a second of which the drawn waveform keeps the lowest and the highest sample."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A recording with its animation.

    Attributes
    ----------
    name, source
        What is heard, and whose recording it is with its licence; one line each.
    audio
        float32 [samples], -1..1, one channel.
    sample_rate
        Hz.
    curves
        The student's, over the same time.
    phones
        Sounds with their times; may be empty.
    """

    name: str
    source: str
    audio: NDArray[np.float32]
    sample_rate: int
    curves: Curves
    phones: Sequence[Phone] = ()

    @property
    def seconds(self) -> float:
        return len(self.audio) / self.sample_rate

    def facts(self) -> dict[str, Any]:
        """For report.json."""
        return {
            "name": self.name,
            "source": self.source,
            "seconds": round(self.seconds, 3),
            "frames": len(self.curves.values),
            "frame_rate": self.curves.frame_rate,
        }

    def packed(self) -> dict[str, Any]:
        """What static/clip.js unpacks: arrays in base64, little-endian."""
        return {
            **self.facts(),
            "controls": list(self.curves.controls),
            "curves": as_base64(self.curves.values.astype("<f4").tobytes()),
            "peaks": as_base64(peaks(self.audio, self.sample_rate).tobytes()),
            "peak_rate": PEAK_RATE,
            "phones": [{"start": phone.start, "end": phone.end, "symbol": phone.symbol} for phone in self.phones],
            "poster": self._most_open(),
        }

    def sound(self) -> str:
        """The audio as a 16-bit WAV in base64, which every browser plays."""
        wav = io.BytesIO()
        soundfile.write(wav, to_int16(self.audio), self.sample_rate, format="WAV", subtype="PCM_16")
        return as_base64(wav.getvalue())

    def _most_open(self) -> float:
        """Seconds of the frame with the widest open mouth, where the page starts."""
        if len(self.curves.values) == 0:
            return 0.0
        return float(np.argmin(closure(self.curves.values, self.curves.controls)) / self.curves.frame_rate)


def peaks(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.int8]:
    """int8 [slices, 2]: lowest and highest sample of each slice, scaled so that the loudest of all is 127."""
    edges = np.arange(0, len(audio), sample_rate / PEAK_RATE).astype(np.int64)
    extremes = np.stack([np.minimum.reduceat(audio, edges), np.maximum.reduceat(audio, edges)], axis=1)
    loudest = max(float(np.abs(audio).max()), 1e-6)
    return np.rint(extremes * (127 / loudest)).astype(np.int8)


def as_base64(data: bytes) -> str:
    """For a data URI or JSON."""
    return base64.b64encode(data).decode("ascii")
