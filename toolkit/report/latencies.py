"""Algorithmic latency at the sample rates that engines have."""

from __future__ import annotations

from typing import Any

from facelite.targets.latency import latency

from ..student import INPUT_RATES, Student

RATES = (16000, 44100, 48000)
"""What a bar is drawn for, besides the student's own rate: microphones, CDs, engines."""


def latencies(student: Student) -> list[dict[str, Any]]:
    """One row an input rate, the student's own first: `rate` in Hz, `ms`, and `terms` of `targets.latency`."""
    own = student.sample_rate
    rates = [own] + ([rate for rate in RATES if rate in INPUT_RATES and rate != own] if own == 16000 else [])
    rows = []
    for rate in rates:
        found = latency(student.info, student.stream(sample_rate=rate).latency.resampler)
        terms = [{"name": t.name, "samples": t.samples, "ms": t.ms, "why": t.why} for t in found.terms]
        rows.append({"rate": rate, "samples": found.samples, "ms": found.ms, "terms": terms})
    return rows
