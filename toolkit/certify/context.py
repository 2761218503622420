"""The claim that a certificate puts to the test: the first sample that a frame does not hear, as a sum of terms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from ..graph import Add, Graph, Op
from ..student import StreamLatency


@dataclass(frozen=True)
class Term:
    """One reason why a frame hears audio after its own time.

    Attributes
    ----------
    name, why
        A word; a sentence.
    samples, ms
        At the rate of the audio; may be negative.
    """

    name: str
    samples: float
    ms: float
    why: str


@dataclass(frozen=True)
class Context:
    """How much of the future a stream's frames may hear.

    Attributes
    ----------
    rate, model_rate
        Hz of the audio and of the student.
    hop
        Student's samples between two frames.
    lookahead, unheard, smoothing
        Student's samples: what the header says; how many of the newest of them no layer reads; one hop, or 0.
    half_filter
        Samples of the audio after an output of the resampler that it is made from; 0 without one.
    """

    rate: int
    model_rate: int
    hop: int
    lookahead: int
    unheard: int = 0
    smoothing: int = 0
    half_filter: int = 0

    def cut(self, frame: int) -> int:
        """The first sample of the audio on which frame `frame`, and any before it, may not depend."""
        first = frame * self.hop + self.lookahead - self.unheard + self.smoothing
        if self.rate == self.model_rate:
            return first
        newest = (first - 1) * self.rate // self.model_rate  # where the student's newest sample stands
        return max(0, newest + self.half_filter + 1)

    def due(self, frame: int) -> int:
        """Samples of audio with which a stream must have given frame `frame`, and without the last of them may not."""
        return replace(self, unheard=0).cut(frame)

    @property
    def tolerance(self) -> int:
        """Samples inside the limit that need not show: the resampler's filter fades to nothing at its end."""
        return max(1, self.half_filter)

    @property
    def stretch(self) -> int:
        """Samples inside the limit of which some must show: a hop of the audio, wider than any filter's quiet end."""
        return max(2 * self.tolerance, -(-self.hop * self.rate // self.model_rate))

    @property
    def terms(self) -> tuple[Term, ...]:
        """The sum, at the rate of the audio; zero terms are left out."""
        ratio = Fraction(self.rate, self.model_rate)
        # The newest student sample stands 1 / model_rate before the end of what is heard; its filter ends later.
        filtered = self.half_filter + 1 - ratio if self.half_filter else Fraction(0)
        found = (
            ("lookahead", self.lookahead * ratio, "audio after the frame that the student is given"),
            ("unheard", -self.unheard * ratio, "the newest of it that no layer reads"),
            ("smoothing", self.smoothing * ratio, "the next frame, for the mean of three"),
            ("resampler", filtered, "half of the filter from the audio's sample rate"),
        )
        return tuple(
            Term(name, float(samples), float(1000 * samples / self.rate), why)
            for name, samples, why in found
            if samples
        )

    @property
    def samples(self) -> float:
        """Future context in samples of the audio: no frame hears more after its own time, some less than one fewer."""
        return sum(term.samples for term in self.terms)

    @property
    def ms(self) -> float:
        """Future context in milliseconds."""
        return sum(term.ms for term in self.terms)


def context(graph: Graph, latency: StreamLatency, rate: int | None = None) -> Context:
    """What a stream claims (facelite_stream_latency), and what its graph leaves unheard.

    Parameters
    ----------
    graph
        The student.
    latency
        The stream's, in seconds.
    rate
        Hz of the audio; None: the student's own.
    """
    heard = graph.sample_rate if rate is None else rate
    return Context(
        rate=heard,
        model_rate=graph.sample_rate,
        hop=graph.hop,
        lookahead=round(latency.lookahead * graph.sample_rate),
        unheard=unheard(graph),
        smoothing=round(latency.smoothing * graph.sample_rate),
        half_filter=round(latency.resampler * heard),
    )


def unheard(graph: Graph) -> int:
    """Samples at the end of a window that no output frame depends on: what layers crop from their newest side."""
    newest = [0]
    for op in graph.ops:
        newest.append(
            min(
                newest[source] + _skipped(op, operand) * graph.tensors[source].stride
                for operand, source in enumerate(op.inputs)
            )
        )
    return newest[-1]


def _skipped(op: Op, operand: int) -> int:
    """Frames newer than the newest that `op` reads of its operand number `operand`."""
    if isinstance(op, Add):
        return op.other_delay if operand else op.delay
    return getattr(op, "delay", 0)
