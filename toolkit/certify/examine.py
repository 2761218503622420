"""Puts one stream's claim to the test: disturbed beyond its limit it must not move, just inside it should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .disturb import KINDS, Pcm, after, inside, murmur
from .subjects import Subject

MURMURED = 48
"""Frames of soft noise that are looked at where the clip's own do not show the limit."""

MURMURED_FRAME = 2
"""The first of them; early ones take a stream the least time, and eight in a row meet every phase of a resampler."""

MORE = 16
"""Frames of the clip that are looked at after them."""

Place = tuple[Pcm, int, NDArray]
"""A clip, one of its frames, and the values up to that frame."""


def examine(subject: Subject, pcm: Pcm, frames: Sequence[int]) -> dict[str, Any]:
    """Disturb a clip at many times.

    Parameters
    ----------
    subject
        A stream and what it claims.
    pcm
        int16 [samples] at the rate of the claim.
    frames
        Frames whose future is disturbed; each one's limit lies inside the clip.

    Returns
    -------
    `holds`: `safe`, not `overstated`, and `punctual` (None for what is run window by window) is not False; `checks`,
    clips run with a disturbed future; `values` compared; `leaks`, at most one a kind: `kind`, `frame` whose future was
    changed, `changed_frame`, and `samples_beyond` the limit that it hears; `exact`, whether the limit was shown to be
    reached: `inside`, the fewest samples before it that were found to change a frame, is at most `allowed`;
    `overstated`, whether none of the last `stretch` samples changed any frame, and `inside` is None.

    One rounded value must change for a sample to show, so a limit that is not shown is no fault of a stream.
    """
    context = subject.context
    truth = {frame: subject(pcm, frame) for frame in frames}
    leaks = list(_leaks(subject, pcm, truth))
    reached = _inside(subject, pcm, truth)
    punctual = subject.punctual(pcm, frames)
    safe, overstated = not leaks, reached is None
    return {
        "runtime": subject.name,
        "rate": context.rate,
        "smoothing": context.smoothing > 0,
        "future_samples": context.samples,
        "future_ms": context.ms,
        "checks": len(truth) * len(KINDS),
        "values": len(KINDS) * sum(values.size for values in truth.values()),
        "safe": safe,
        "leaks": leaks,
        "exact": reached is not None and reached <= context.tolerance,
        "inside": reached,
        "allowed": context.tolerance,
        "overstated": overstated,
        "stretch": context.stretch,
        "punctual": punctual,
        "holds": safe and not overstated and punctual is not False,
    }


def _leaks(subject: Subject, pcm: Pcm, truth: dict[int, NDArray]) -> Iterator[dict[str, Any]]:
    """For each kind of disturbance the first frame that it moves though it may not."""
    for seed, kind in enumerate(KINDS):
        for frame, values in truth.items():
            moved = _moved(subject, _disturbed(subject, pcm, frame, kind, seed, 0), frame, values)
            if moved is not None:
                beyond = _beyond(subject, pcm, frame, values, kind, seed)
                yield {"kind": kind, "frame": frame, "changed_frame": moved, "samples_beyond": beyond}
                break


def _disturbed(subject: Subject, pcm: Pcm, frame: int, kind: str, seed: int, beyond: int) -> Pcm:
    return after(pcm, subject.context.cut(frame) + beyond, kind, subject.context.rate, seed + 2 * frame)


def _beyond(subject: Subject, pcm: Pcm, frame: int, values: NDArray, kind: str, seed: int) -> int:
    """How many samples beyond its limit the frame hears, found by halving: at most what is left of the clip."""
    still, moving = len(pcm) - subject.context.cut(frame), 0
    while still - moving > 1:
        middle = (still + moving) // 2
        if _moved(subject, _disturbed(subject, pcm, frame, kind, seed, middle), frame, values) is None:
            still = middle
        else:
            moving = middle
    return still


def _inside(subject: Subject, pcm: Pcm, truth: dict[int, NDArray]) -> int | None:
    """The fewest samples before the limit that were found to change a frame: the search ends once they are few enough.

    None: not even all of the claim's stretch changes one.
    """
    allowed, nearest = subject.context.tolerance, subject.context.stretch + 1
    given: list[Place] = [(pcm, frame, values) for frame, values in truth.items()]
    looked_at = []
    for place in chain(given, _murmured(subject), _more(subject, pcm, truth)):
        if _shows(subject, place, allowed):
            return _fewest(subject, place, 0, allowed)
        looked_at.append(place)
    for place in looked_at:
        if nearest - 1 > allowed and _shows(subject, place, nearest - 1):
            nearest = _fewest(subject, place, allowed, nearest - 1)
    return nearest if nearest <= subject.context.stretch else None


def _murmured(subject: Subject) -> Iterator[Place]:
    """Places in soft noise, each with the next hop after what its frame takes."""
    context = subject.context
    for seed in range(MURMURED):
        frame = MURMURED_FRAME + seed % 8
        pcm = murmur(context.due(frame + 1), context.rate, seed)
        yield pcm, frame, subject(pcm, frame)


def _more(subject: Subject, pcm: Pcm, truth: dict[int, NDArray]) -> Iterator[Place]:
    """Places in the whole clip, besides those of `truth`."""
    context, first = subject.context, min(truth)
    last = (len(pcm) - context.due(0)) * context.model_rate // (context.rate * context.hop) - 1
    spread = np.linspace(first, max(first, last), MORE, dtype=int)
    for frame in sorted({*spread.tolist()} - truth.keys()):
        yield pcm, frame, subject(pcm, frame)


def _shows(subject: Subject, place: Place, samples: int) -> bool:
    """Whether the last `samples` samples inside the limit change the place's frame, or one before it."""
    pcm, frame, values = place
    thrown = inside(pcm, subject.context.cut(frame), samples)
    return any(_moved(subject, changed, frame, values) is not None for changed in thrown)


def _fewest(subject: Subject, place: Place, still: int, moving: int) -> int:
    """How few of the last samples show, found by halving between too few and enough."""
    while moving - still > 1:
        middle = (still + moving) // 2
        if _shows(subject, place, middle):
            moving = middle
        else:
            still = middle
    return moving


def _moved(subject: Subject, pcm: Pcm, frame: int, values: NDArray) -> int | None:
    """The first frame whose bits are not those of `values`; counted from the clip's start."""
    found = subject(pcm, frame)
    bits = f"u{values.dtype.itemsize}"
    changed = (np.ascontiguousarray(found).view(bits) != np.ascontiguousarray(values).view(bits)).any(axis=1)
    return frame + 1 - len(values) + int(np.argmax(changed)) if changed.any() else None
