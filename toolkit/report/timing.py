"""How long a hop and each of its layers take on the machine at hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..machine import cpu_name
from ..student import Student

MOST_HOPS = 2000
"""Hops that are timed: enough for a steady median, half a second of work at most."""


@dataclass(frozen=True, eq=False)
class Timing:
    """Measured on one core of this host, hop after hop of real audio.

    Attributes
    ----------
    cpu, isa
        The host's processor and the kernel tier that ran.
    hops
        Hops timed.
    hop_us
        float64 [hops], µs of each push of one hop.
    layer_us
        float64 [operators], median µs of each; reading the clock between them adds some 20 ns to each.
    """

    cpu: str
    isa: str
    hops: int
    hop_us: NDArray[np.float64]
    layer_us: NDArray[np.float64]

    def as_dict(self) -> dict[str, object]:
        """For report.json: medians and percentiles in µs."""
        p50, p99 = np.percentile(self.hop_us, [50, 99])
        hop_us = {"p50": round(float(p50), 3), "p99": round(float(p99), 3), "max": round(float(self.hop_us.max()), 3)}
        return {"cpu": self.cpu, "isa": self.isa, "hops": self.hops, "hop_us": hop_us, "where": "measured on this host"}


def measure(student: Student, audio: NDArray[np.float32]) -> Timing:
    """Time `student` on `audio`, float32 [samples] at its own sample rate, repeated if it is short."""
    hops = MOST_HOPS
    pcm = np.resize(np.ascontiguousarray(audio, np.float32), hops * student.hop)
    stream = student.stream()._stream
    codes = student._model.codes(pcm)
    stream.time_hops(pcm)  # warms the caches and the branch predictors
    hop_us = stream.time_hops(pcm) / 1000
    stream.reset()
    layer_us = np.median(stream.time_layers(codes), axis=0) / 1000
    return Timing(cpu_name(), student.isa, hops, hop_us, layer_us)
