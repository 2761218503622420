"""Made-up music in General MIDI: what a band plays, from a seed. `fluidsynth.py` gives it instruments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 5, 7, 9, 10))
"""Semitones of the major, natural minor, Dorian and Mixolydian scale."""

CHORDS = (*range(8), *range(16, 32), *range(40, 64), *range(80, 104))
"""General MIDI programs, counted from 0: keys, organs, guitars, strings, choirs, brass, synthesisers."""

BASSES = tuple(range(32, 40))
TUNES = (*range(8), *range(11, 16), *range(22, 32), 40, 42, *range(52, 88), *range(104, 112))
"""What plays a tune alone, choir voices (52 to 54) among it."""

DRUMS = {"kick": 36, "snare": 38, "clap": 39, "hat": 42, "open hat": 46, "ride": 51, "tambourine": 54}
"""Notes of General MIDI's drum channel."""

BEATS_A_BAR = 4


@dataclass(frozen=True)
class Note:
    """`start` and `length` in beats; `pitch` and `velocity` 0..127."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Part:
    """One player: a General MIDI `program`, None for drums, and its notes in order of start."""

    program: int | None
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Piece:
    """`beats_a_minute` and the parts that play together."""

    beats_a_minute: float
    parts: tuple[Part, ...]


def compose(rng: np.random.Generator, seconds: float) -> Piece:
    """A piece of at least `seconds`: one to five parts over a repeated progression of chords."""
    tempo = float(rng.uniform(60, 180))
    bars = int(np.ceil(seconds * tempo / 60 / BEATS_A_BAR)) + 1
    scale, root = SCALES[int(rng.integers(len(SCALES)))], int(rng.integers(48, 60))
    cycle = rng.integers(0, 7, size=int(rng.choice([2, 4, 8])))
    degrees = [int(cycle[bar % len(cycle)]) for bar in range(bars)]
    players = [
        (0.85, lambda: _chords(rng, root, scale, degrees)),
        (0.7, lambda: _bass(rng, root - 12, scale, degrees)),
        (0.65, lambda: _drums(rng, bars)),
        (0.7, lambda: _tune(rng, root + 12, scale, bars)),
        (0.25, lambda: _tune(rng, root, scale, bars)),
    ]
    parts = [play() for chance, play in players if rng.random() < chance]
    return Piece(tempo, tuple(parts or [_tune(rng, root + 12, scale, bars)]))


def _pitch(root: int, scale: tuple[int, ...], degree: int) -> int:
    return int(np.clip(root + 12 * (degree // 7) + scale[degree % 7], 0, 127))


def _chords(rng: np.random.Generator, root: int, scale: tuple[int, ...], degrees: list[int]) -> Part:
    """A chord held for the bar, or struck on the beats or their halves."""
    step = float(rng.choice([4.0, 2.0, 1.0, 0.5]))
    tones = (0, 2, 4, 6) if rng.random() < 0.3 else (0, 2, 4)
    spread, loud = float(rng.choice([0.0, 0.0, 0.03, 0.25])), int(rng.integers(50, 100))
    notes = [
        Note(BEATS_A_BAR * bar + at + spread * place, 0.95 * step, _pitch(root, scale, degree + tone), loud)
        for bar, degree in enumerate(degrees)
        for at in np.arange(0, BEATS_A_BAR, step)
        for place, tone in enumerate(tones)
    ]
    return Part(int(rng.choice(CHORDS)), _ordered(notes))


def _bass(rng: np.random.Generator, root: int, scale: tuple[int, ...], degrees: list[int]) -> Part:
    step = float(rng.choice([2.0, 1.0, 0.5]))
    notes = [
        Note(BEATS_A_BAR * bar + at, 0.9 * step, _pitch(root, scale, degree + int(rng.choice([0, 0, 0, 4, 7]))), 95)
        for bar, degree in enumerate(degrees)
        for at in np.arange(0, BEATS_A_BAR, step)
    ]
    return Part(int(rng.choice(BASSES)), _ordered(notes))


def _tune(rng: np.random.Generator, root: int, scale: tuple[int, ...], bars: int) -> Part:
    """A walk through the scale, with rests."""
    notes: list[Note] = []
    at, degree, rests = 0.0, int(rng.integers(7)), float(rng.uniform(0.05, 0.3))
    lengths = rng.choice([0.25, 0.5, 1.0, 2.0], size=2)
    while at < BEATS_A_BAR * bars:
        length = float(rng.choice(lengths))
        degree = int(np.clip(degree + rng.integers(-2, 3), -3, 10))
        if rng.random() > rests:
            notes.append(Note(at, 0.95 * length, _pitch(root, scale, degree), int(rng.integers(60, 120))))
        at += length
    return Part(int(rng.choice(TUNES)), _ordered(notes))


def _drums(rng: np.random.Generator, bars: int) -> Part:
    """One bar, drawn once and repeated with slight changes."""
    cymbal = str(rng.choice(["hat", "open hat", "ride", "tambourine"]))
    second = str(rng.choice(["snare", "clap"]))
    bar: list[tuple[float, str, int]] = [(0.0, "kick", 110)]
    bar += [(at, "kick", 95) for at in (1.5, 2.0, 2.5, 3.5) if rng.random() < 0.4]
    bar += [(at, second, 100) for at in (1.0, 3.0) if rng.random() < 0.85]
    bar += [(float(at), cymbal, 70) for at in np.arange(0, BEATS_A_BAR, rng.choice([1.0, 0.5, 0.25]))]
    notes = [
        Note(BEATS_A_BAR * number + at, 0.2, DRUMS[drum], loud + int(rng.integers(-15, 16)))
        for number in range(bars)
        for at, drum, loud in bar
        if rng.random() < 0.95
    ]
    return Part(None, _ordered(notes))


def _ordered(notes: list[Note]) -> tuple[Note, ...]:
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch)))
