"""The kinds of limit: what each compares, in words and in code. One table; a new kind is a new entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .evidence import Evidence
from .latency import latency
from .schema import CrowdShare, Figure

if TYPE_CHECKING:
    from facelite.student import Student


@dataclass(frozen=True)
class Ceiling:
    """A number that must not exceed the profile's.

    Attributes
    ----------
    key
        Its name in a profile's `[limits]`.
    label
        Its name in tables.
    unit
        Unit of `measure` and of the compared limit: "B" or "ms".
    meaning
        One sentence for people.
    measure
        The number, from what is known of a student and an architecture.
    """

    key: str
    label: str
    unit: str
    meaning: str
    measure: Callable[[Evidence, str], float]


def _info(*fields: str) -> Callable[[Evidence, str], float]:
    """Sum of fields of `facelite_info`: what the C library that the device runs says of this student."""
    return lambda known, arch: float(sum(getattr(known.student.info, field) for field in fields))


def _code(known: Evidence, arch: str) -> float:
    return float(known.code[arch])


def _memory(known: Evidence, arch: str) -> float:
    return _info("blob_bytes", "model_bytes", "stream_bytes", "scratch_bytes", "stack_bytes")(known, arch) + _code(
        known, arch
    )


def _future_ms(known: Evidence, arch: str) -> float:
    """What the header says, or what the certificate found if that is more."""
    claimed = latency(known.student.info).future_ms
    return claimed if known.certificate is None else max(claimed, known.certificate.future_ms)


def _latency_ms(known: Evidence, arch: str) -> float:
    return latency(known.student.info).ms


CEILINGS: tuple[Ceiling, ...] = (
    Ceiling("weights", "weights", "B", "packed int8 weights, read in place", _info("weight_bytes")),
    Ceiling("model_file", "model file", "B", "the whole student.facelite", _info("blob_bytes")),
    Ceiling("code", "code", "B", "code and constants of the library, every tier of the architecture", _code),
    Ceiling("state", "state per character", "B", "one facelite_stream", _info("stream_bytes")),
    Ceiling("scratch", "scratch per thread", "B", "shared by a thread's characters", _info("scratch_bytes")),
    Ceiling("stack", "stack", "B", "upper bound over all calls", _info("stack_bytes")),
    Ceiling(
        "memory",
        "all memory, one character",
        "B",
        "code, model file, model, stream, scratch and stack together",
        _memory,
    ),
    Ceiling(
        "future_audio",
        "future audio",
        "ms",
        "audio after a frame's time that the frame depends on",
        _future_ms,
    ),
    Ceiling(
        "latency",
        "algorithmic latency",
        "ms",
        "future audio and the hop in which audio is collected",
        _latency_ms,
    ),
)


def measure(known: Evidence, arch: str) -> Mapping[str, float]:
    """Every ceiling's number for a student on an architecture, by key."""
    return {ceiling.key: ceiling.measure(known, arch) for ceiling in CEILINGS}


@dataclass(frozen=True)
class Forecast:
    """As a `Ceiling`, of a predicted hop: `measure` takes the upper end of its error band, ms, and the limit."""

    key: str
    label: str
    unit: str
    meaning: str
    measure: Callable[[Student, float, Figure], float]


def _hop_ms(student: Student, hop_ms: float, limit: Figure) -> float:
    return hop_ms


def _crowd_percent(student: Student, hop_ms: float, limit: Figure) -> float:
    period_ms = 1000 * student.hop / student.sample_rate
    count = limit.count if isinstance(limit, CrowdShare) else 1
    return 100 * count * hop_ms / period_ms


FORECASTS: tuple[Forecast, ...] = (
    Forecast("hop", "predicted hop, at most", "ms", "upper end of the predicted time of a hop", _hop_ms),
    Forecast("characters", "predicted share of a core", "%", "of that many characters, at most", _crowd_percent),
)
