"""Algorithmic latency: how late curves are however fast the computer is, as a sum of named terms.

Processing time, audio buffers and the display come on top; they are the game's, not the student's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Timing(Protocol):
    """The numbers that latency follows from; `facelite_info` and a student's header have them. Samples."""

    @property
    def sample_rate(self) -> int: ...
    @property
    def lookahead(self) -> int: ...
    @property
    def hop(self) -> int: ...
    @property
    def smoothing(self) -> bool | int: ...


@dataclass(frozen=True)
class Term:
    """One reason why a frame is late.

    Attributes
    ----------
    name, why
        Short name; one sentence.
    samples, ms
        The delay at the student's sample rate, rounded, and in milliseconds.
    future
        True when the frame depends on audio that much later; False when it is only held back.
    """

    name: str
    samples: int
    ms: float
    future: bool
    why: str


@dataclass(frozen=True)
class Latency:
    """The terms, in the order in which audio meets them."""

    terms: tuple[Term, ...]

    @property
    def samples(self) -> int:
        return sum(term.samples for term in self.terms)

    @property
    def ms(self) -> float:
        return sum(term.ms for term in self.terms)

    @property
    def future_ms(self) -> float:
        """How much audio after a frame's time the frame depends on."""
        return sum(term.ms for term in self.terms if term.future)


def latency(timing: Timing, resampler: float = 0.0) -> Latency:
    """Latency of a stream fed in pushes of at most one hop.

    Frame ``i`` stands at sample ``i * hop`` and sees audio before ``i * hop + lookahead``; smoothing needs frame
    ``i + 1`` as well; and the engine hands audio over one hop at a time (docs/ir.md, Time).

    Parameters
    ----------
    timing
        The student's.
    resampler
        Seconds that the stream's resampler waits (`facelite.student.StreamLatency.resampler`); 0 when the audio is
        at the student's own rate.
    """
    terms = []
    if resampler:
        samples = resampler * timing.sample_rate
        terms.append(_term("resampler", samples, timing, True, "half of the filter from the input's sample rate"))
    terms.append(_term("lookahead", timing.lookahead, timing, True, "audio after the frame that the student hears"))
    if timing.smoothing:
        terms.append(_term("smoothing", timing.hop, timing, True, "the next frame, for the mean of three"))
    terms.append(_term("hop", timing.hop, timing, False, "audio is collected one hop at a time"))
    return Latency(tuple(terms))


def _term(name: str, samples: float, timing: Timing, future: bool, why: str) -> Term:
    return Term(name, round(samples), 1000.0 * samples / timing.sample_rate, future, why)
