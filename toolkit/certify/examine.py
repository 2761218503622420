"""Puts one stream's claim to the test: disturbed beyond its limit it must not move, just inside it must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .disturb import KINDS, Pcm, after, inside
from .subjects import Subject


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
    `holds`, and its parts `safe`, `exact` and `punctual` (None for what is run window by window); `checks`, clips run
    with a disturbed future; `values` compared; `leaks`, at most one a kind: `kind`, `frame` whose future was changed,
    `changed_frame`, and `samples_beyond` the limit that it hears; `inside`, the fewest samples before the limit that
    change a frame (None: none of a hop does), and `allowed`, how few they must be.
    """
    context = subject.context
    truth = {frame: subject(pcm, frame) for frame in frames}
    leaks = list(_leaks(subject, pcm, truth))
    reached = _inside(subject, pcm, truth)
    punctual = subject.punctual(pcm, frames)
    safe, exact = not leaks, reached is not None and reached <= context.tolerance
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
        "exact": exact,
        "inside": reached,
        "allowed": context.tolerance,
        "punctual": punctual,
        "holds": safe and exact and punctual is not False,
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
    """The fewest samples, a power of two, before the limit of any frame that change it."""
    samples = 1
    while samples <= 2 * max(subject.context.tolerance, subject.context.hop):
        for frame, values in truth.items():
            thrown = inside(pcm, subject.context.cut(frame), samples)
            if any(_moved(subject, changed, frame, values) is not None for changed in thrown):
                return samples
        samples *= 2
    return None


def _moved(subject: Subject, pcm: Pcm, frame: int, values: NDArray) -> int | None:
    """The first frame whose bits are not those of `values`; counted from the clip's start."""
    found = subject(pcm, frame)
    bits = f"u{values.dtype.itemsize}"
    changed = (np.ascontiguousarray(found).view(bits) != np.ascontiguousarray(values).view(bits)).any(axis=1)
    return frame + 1 - len(values) + int(np.argmax(changed)) if changed.any() else None
