"""Measures of curves: likeness to the teacher, jitter, and whether lips meet, or lip and teeth, when they must."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOVING = 0.01
"""A control counts as moving when its standard deviation under the teacher exceeds this."""

MATCH_SECONDS = 0.10
"""A predicted contact matches a reference contact when they overlap or lie this close."""


@dataclass(frozen=True)
class ContactScore:
    """How well a number a frame finds the frames in which lips meet (p, b, m), or lower lip and teeth (f, v).

    Attributes
    ----------
    frames, positives
        Frames scored, and how many lie inside a reference contact.
    average_precision
        Area under precision over recall, frame by frame.
    f1, threshold
        Best F1 over all thresholds, and the threshold.
    precision, recall
        At that threshold.
    event_recall
        Of the reference contacts that hold a scored frame, the share that holds one above the threshold.
    false_alarms
        Runs of frames above the threshold that match no contact, per reference contact.
    onset_ms
        Median of predicted minus reference onset over matched contacts; negative = the lips lead.
    inside_rate, outside_rate
        Share of frames above the threshold inside and outside contacts.
    """

    frames: int
    positives: int
    average_precision: float
    f1: float
    threshold: float
    precision: float
    recall: float
    event_recall: float
    false_alarms: float
    onset_ms: float
    inside_rate: float
    outside_rate: float


@dataclass(frozen=True, eq=False)
class ScoredClip:
    """One clip's contact measure, and where there is contact.

    Attributes
    ----------
    score
        float [frames], larger = closer.
    contacts
        Start and end in frames (float) of each reference contact.
    speech
        bool [frames]: frames that are scored.
    """

    score: NDArray[np.floating]
    contacts: tuple[tuple[float, float], ...]
    speech: NDArray[np.bool_]

    def inside(self) -> NDArray[np.bool_]:
        """bool [frames]: frames that stand inside a contact."""
        inside = np.zeros(len(self.score), bool)
        for contact in self.contacts:
            inside[self._frames(contact)] = True
        return inside

    def held(self) -> list[NDArray[np.floating]]:
        """The scores of the scored frames inside each contact; one shorter than a frame may hold none."""
        return [self.score[span][self.speech[span]] for span in map(self._frames, self.contacts)]

    @staticmethod
    def _frames(contact: tuple[float, float]) -> slice:
        """Frame f stands at time f: those from the start on, before the end."""
        start, end = (max(0, math.ceil(edge)) for edge in contact)
        return slice(start, end)


def average_precision(score: NDArray, positive: NDArray[np.bool_]) -> float:
    """Mean over positives of the precision at their rank; ties share the precision at their end."""
    precision, recall, _ = _operating_points(score, positive)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _operating_points(score: NDArray, positive: NDArray[np.bool_]) -> tuple[NDArray, NDArray, NDArray]:
    """Precision and recall at each distinct threshold, from the highest down."""
    order = np.argsort(-score, kind="stable")
    ranked, hits = score[order], np.cumsum(positive[order])
    last = np.append(np.diff(ranked) != 0, True)
    found = np.flatnonzero(last)
    return hits[found] / (found + 1), hits[found] / max(int(positive.sum()), 1), ranked[found]


def contact_score(clips: Sequence[ScoredClip], frame_rate: float) -> ContactScore:
    """Score contacts over many clips with one threshold for all."""
    score = np.concatenate([clip.score[clip.speech] for clip in clips])
    inside = np.concatenate([clip.inside()[clip.speech] for clip in clips])
    precision, recall, thresholds = _operating_points(score, inside)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(np.argmax(f1))
    threshold = float(thresholds[best])
    held = [inner.max() >= threshold for clip in clips for inner in clip.held() if inner.size]
    references, alarms, onsets = 0, 0, []
    for clip in clips:
        runs = _runs((clip.score >= threshold) & clip.speech)
        slack = MATCH_SECONDS * frame_rate
        for start, end in clip.contacts:
            matched = [run for run in runs if run[0] < end + slack and run[1] > start - slack]
            references += 1
            if matched:
                nearest = min(matched, key=lambda run: abs(run[0] - start))
                onsets.append((nearest[0] - start) / frame_rate * 1000)
        alarms += sum(
            not any(run[0] < end + slack and run[1] > start - slack for start, end in clip.contacts) for run in runs
        )
    above = score >= threshold
    return ContactScore(
        frames=len(score),
        positives=int(inside.sum()),
        average_precision=average_precision(score, inside),
        f1=float(f1[best]),
        threshold=threshold,
        precision=float(precision[best]),
        recall=float(recall[best]),
        event_recall=float(np.mean(held)) if held else float("nan"),
        false_alarms=alarms / max(references, 1),
        onset_ms=float(np.median(onsets)) if onsets else float("nan"),
        inside_rate=float(above[inside].mean()) if inside.any() else float("nan"),
        outside_rate=float(above[~inside].mean()) if (~inside).any() else float("nan"),
    )


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each run of true frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def correlations(student: NDArray, teacher: NDArray) -> NDArray[np.float64]:
    """Pearson correlation of each control, float64 [controls]; NaN where the teacher does not move the control.

    Both float [frames, controls]. A student that holds a moving control still correlates 0.
    """
    moving = teacher.std(0) > MOVING
    a = student - student.mean(0)
    b = teacher - teacher.mean(0)
    found = (a * b).sum(0) / np.maximum(np.sqrt((a**2).sum(0) * (b**2).sum(0)), 1e-12)
    return np.where(moving, found, np.nan)


def correlation(student: NDArray, teacher: NDArray) -> float:
    """Mean of `correlations` over the controls that move under the teacher; NaN when none does."""
    found = correlations(student, teacher)
    return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


def jitter(curves: NDArray) -> float:
    """Mean absolute second difference over frames and controls; float [frames, controls]."""
    return float(np.abs(np.diff(curves, 2, axis=0)).mean()) if len(curves) > 2 else 0.0
