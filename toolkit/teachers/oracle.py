"""The oracle teacher: phones with their times -> ARKit-52 curves by coarticulation.

Every sound pulls each gesture towards its target with a strength that falls off exponentially with distance in
time; the gesture is the weighted mean (Cohen and Massaro 1993, equations 1 to 4, exponent c = 1). Lips that must
meet are then made to meet: a bilabial is sealed when its closure is first heard and stays sealed until the
release, whatever the neighbours ask for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..controls import ARKIT_52
from ..curves import FRAME_RATE, Curves
from ..errors import BadInput
from . import articulation, closures, loudness
from .articulation import (
    BILABIALS,
    DIPHTHONG_SHARE,
    DIPHTHONGS,
    GESTURES,
    JAW,
    LABIODENTALS,
    REST,
    ROUNDING,
    TARGETS,
    Target,
)
from .closures import release
from .loudness import frame_levels, relative_loudness
from .protocol import Phone
from .timing import frame_count

FALL_OFF = {"jaw": 1 / 0.045, "rounding": 1 / 0.075, "lips": 1 / 0.045}
"""Dominance decay per second away from a sound. Rounding reaches further: it starts well before its vowel."""

CLOSING, OPENING = 0.060, 0.055
"""Seconds the lips take to come together before a closure and to part after its release."""

BITING = 0.055
"""Seconds the lower lip takes to reach and to leave the teeth."""

INERTIA = 0.014
"""Seconds, standard deviation of the Gaussian that stands for the mass of jaw and lips."""

LIP_COVER = 0.35
"""Share of the jaw's opening that a full seal takes away."""

ARITHMETIC = 1
"""Raised by one whenever a change of this module, `closures` or `loudness` changes an answer without changing a
constant: `OracleTeacher.fingerprint` covers the constants by itself, and this number stands for the code."""

_PRESS = 0.42
_LOUD_JAW = (0.72, 1.18)
_BLOCK = 512


@dataclass(frozen=True)
class _Segment:
    start: float
    end: float
    target: Target
    symbol: str
    release: float


class OracleTeacher:
    """Animates from phones; the audio only says how loud each sound is and when a stop is released.

    Attributes
    ----------
    controls
        ARKit's 52; the ones that articulation does not move stay 0.
    """

    controls: tuple[str, ...] = ARKIT_52
    needs_phones = True

    def fingerprint(self) -> str:
        """See `Teacher.fingerprint`; over every constant of the articulation model, and `ARITHMETIC` for its code.

        Not over the source text: a comment would then cost a night of labelling. Nor over answers to a probe: the last
        bits of `exp` differ between processors. The `repr` of a float is exact and the same everywhere.
        """
        constants = {
            "targets": TARGETS,
            "diphthongs": (DIPHTHONGS, DIPHTHONG_SHARE),
            "groups": (GESTURES, JAW, ROUNDING, articulation.TONGUE),
            "contacts": [sorted(names) for names in (BILABIALS, LABIODENTALS, articulation.BILABIAL_STOPS)],
            "times": (FALL_OFF, CLOSING, OPENING, BITING, INERTIA, LIP_COVER, _PRESS, _LOUD_JAW),
            "levels": (closures.RELEASE_RISE_DB, loudness.FLOOR_DB, loudness.RANGE_DB),
            "frames": (FRAME_RATE, ARKIT_52),
            "arithmetic": ARITHMETIC,
        }
        return hashlib.sha256(repr(constants).encode()).hexdigest()

    def animate(self, audio: NDArray[np.float32], sample_rate: int, phones: Sequence[Phone] | None = None) -> Curves:
        """See `Teacher.animate`; values lie in 0..1.

        Raises
        ------
        BadInput
            No phones, a phone that is not in the inventory, or phones out of order.
        """
        if not phones:
            raise BadInput("oracle teacher", "no phones were given", "it cannot animate from audio alone")
        times = np.arange(frame_count(len(audio), sample_rate)) / FRAME_RATE
        levels = frame_levels(audio, sample_rate, FRAME_RATE)
        segments = _segments(phones, levels)
        gestures = _blend(segments, times)
        gestures = _inertia(gestures)
        hop = round(sample_rate / FRAME_RATE)  # of the levels: whole samples, so at 44.1 kHz they are not the frames
        loudness = np.interp(times, np.arange(len(levels)) * hop / sample_rate, relative_loudness(levels))
        gestures = _scale_openings(gestures, loudness.astype(np.float32))
        _bite(gestures, segments, times)
        seal, press = _seals(segments, times)
        return Curves(_to_arkit(gestures, seal, press), ARKIT_52)


def _segments(phones: Sequence[Phone], levels: NDArray[np.float32]) -> list[_Segment]:
    """One segment a target: diphthongs are split in two, gaps between phones are rest."""
    segments: list[_Segment] = []
    clock = 0.0
    for phone in phones:
        if phone.end < phone.start or phone.start < clock - 1e-3:
            raise BadInput("oracle teacher", f"phone {phone.symbol} at {phone.start:.3f} s is out of order")
        if phone.start > clock + 1e-3:
            segments.append(_Segment(clock, phone.start, REST, "SIL", phone.start))
        clock = phone.end
        opened = release(phone, levels, FRAME_RATE)
        if phone.symbol in DIPHTHONGS:
            first, second = DIPHTHONGS[phone.symbol]
            middle = phone.start + DIPHTHONG_SHARE * (phone.end - phone.start)
            segments.append(_Segment(phone.start, middle, TARGETS[first], first, middle))
            segments.append(_Segment(middle, phone.end, TARGETS[second], second, phone.end))
        elif phone.symbol in TARGETS:
            segments.append(_Segment(phone.start, phone.end, TARGETS[phone.symbol], phone.symbol, opened))
        else:
            raise BadInput("oracle teacher", f"phone {phone.symbol!r} is not in the inventory")
    tail = max(clock, len(levels) / FRAME_RATE) + 1.0
    segments.append(_Segment(clock, tail, REST, "SIL", tail))
    return segments


def _blend(segments: list[_Segment], times: NDArray) -> NDArray[np.float32]:
    """Dominance-weighted mean of the targets, float32 [frames, gestures]."""
    starts = np.array([s.start for s in segments])
    ends = np.array([s.end for s in segments])
    targets = np.array([[s.target.pose.get(g, 0.0) for g in GESTURES] for s in segments])
    strength = np.array([[s.target.dominance(g) for g in GESTURES] for s in segments])
    rate = np.array([_fall_off(g) for g in GESTURES])
    values = np.empty((len(times), len(GESTURES)), np.float32)
    for block in range(0, len(times), _BLOCK):
        now = times[block : block + _BLOCK, None]
        near = (starts < now[-1] + 0.6) & (ends > now[0] - 0.6)
        distance = np.maximum(np.maximum(starts[near] - now, now - ends[near]), 0.0)
        weight = strength[near] * np.exp(-distance[:, :, None] * rate) + 1e-9
        values[block : block + _BLOCK] = (weight * targets[near]).sum(1) / weight.sum(1)
    return values


def _fall_off(gesture: str) -> float:
    if gesture in JAW:
        return FALL_OFF["jaw"]
    return FALL_OFF["rounding"] if gesture in ROUNDING else FALL_OFF["lips"]


def _inertia(values: NDArray[np.float32]) -> NDArray[np.float32]:
    sigma = INERTIA * FRAME_RATE
    offsets = np.arange(-3, 4)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(values, ((3, 3), (0, 0)), mode="edge")
    return sum(k * padded[i : i + len(values)] for i, k in enumerate(kernel)).astype(np.float32)


def _scale_openings(values: NDArray[np.float32], loudness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Louder speech opens jaw and lips further; `loudness` is 0..1 relative to the utterance, one a frame."""
    low, high = _LOUD_JAW
    scale = low + (high - low) * loudness
    for gesture in ("jawOpen", "mouthLowerDown", "mouthUpperUp"):
        values[:, GESTURES.index(gesture)] *= scale
    return values


def _reach(times: NDArray, start: float, end: float, before: float, after: float) -> NDArray[np.float32]:
    """1 from `start` to `end`, raised-cosine flanks outside."""
    rise = np.clip((times - (start - before)) / before, 0, 1)
    fall = np.clip(((end + after) - times) / after, 0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * np.minimum(rise, fall))).astype(np.float32)


def _bite(values: NDArray[np.float32], segments: list[_Segment], times: NDArray) -> None:
    """Lower lip under the upper teeth for the whole of each f and v, in place."""
    roll, jaw, lower = (GESTURES.index(g) for g in ("mouthRollLower", "jawOpen", "mouthLowerDown"))
    for segment in segments:
        if segment.symbol not in LABIODENTALS:
            continue
        reach = _reach(times, segment.start, segment.end, BITING, BITING) * segment.target.bite
        pose = segment.target.pose
        values[:, roll] = np.maximum(values[:, roll], reach * pose["mouthRollLower"])
        values[:, jaw] += reach * (np.minimum(values[:, jaw], pose["jawOpen"]) - values[:, jaw])
        values[:, lower] *= 1 - reach


def _seals(segments: list[_Segment], times: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How sealed the lips are (0..1) and how hard they press, each float32 [frames]."""
    seal = np.zeros(len(times), np.float32)
    press = np.zeros(len(times), np.float32)
    for segment in segments:
        if segment.symbol not in BILABIALS:
            continue
        reach = _reach(times, segment.start, max(segment.release, segment.start), CLOSING, OPENING)
        seal = np.maximum(seal, reach)
        press = np.maximum(press, reach**2 * segment.target.seal * _PRESS)
    return seal, press


def _to_arkit(
    gestures: NDArray[np.float32], seal: NDArray[np.float32], press: NDArray[np.float32]
) -> NDArray[np.float32]:
    value: dict[str, NDArray] = {name: gestures[:, column] for column, name in enumerate(GESTURES)}
    value["jawOpen"] = value["jawOpen"] * (1 - LIP_COVER * seal)
    value["mouthClose"] = seal * value["jawOpen"]
    value["mouthPress"] = press
    for opener in ("mouthLowerDown", "mouthUpperUp", "mouthStretch"):
        value[opener] = value[opener] * (1 - seal)
    value["mouthFunnel"] = value["mouthFunnel"] * (1 - 0.7 * seal)
    columns = np.zeros((len(gestures), len(ARKIT_52)), np.float32)
    for column, name in enumerate(ARKIT_52):
        source = name.removesuffix("Left").removesuffix("Right")
        if name in value or source in value:
            columns[:, column] = value[name] if name in value else value[source]
    return np.clip(columns, 0.0, 1.0)
