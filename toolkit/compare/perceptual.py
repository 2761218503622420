"""What differences look like: lips that close when they should, jitter, speed, and each control's course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..controls import CLOSURE_NEEDS, closure
from ..distill.metrics import ContactScore, ScoredClip, contact_score, correlation
from ..graph import Graph
from ..runtimes import Heard
from ..teachers.closures import closures, speech_spans
from ..teachers.loudness import RANGE_DB, frame_levels
from ..teachers.protocol import Phone

CLOSED_SHARE = 0.1
"""Without phone labels the reference's closures are the tenth of its speech frames in which its lips are most shut: p,
b and m take about as much of speech, and a share needs no threshold that fits one student only."""


@dataclass(frozen=True, eq=False)
class Spoken:
    """One signal with what is known of its lips, in hops of its stream.

    Attributes
    ----------
    truth
        float [hops, controls]: the reference's frames.
    contacts
        Start and end, in hops, of each closure of p, b and m.
    speech
        bool [hops].
    labelled
        Whether the closures come from phone labels, not from the reference itself.
    """

    truth: NDArray[np.floating]
    contacts: tuple[tuple[float, float], ...]
    speech: NDArray[np.bool_]
    labelled: bool

    @classmethod
    def of(
        cls, graph: Graph, heard: Heard, pcm: NDArray, truth: NDArray[np.floating], phones: Sequence[Phone] = ()
    ) -> Spoken:
        """Of a signal, from phones if there are any.

        Parameters
        ----------
        pcm
            float [samples], or int16, as `heard` was made from.
        """
        rate, late = graph.sample_rate / graph.hop, graph.lookahead / graph.hop
        samples = (pcm.astype(np.float32) / np.float32(32768 if pcm.dtype == np.int16 else 1)).astype(np.float32)
        levels = frame_levels(samples, graph.sample_rate, rate)
        # Hop k (the first is 1, row 0) ends where frame k - lookahead / hop hears no further.
        frame = np.arange(1, len(truth) + 1) - late
        if phones:
            spans = [((start * rate), (end * rate)) for start, end in speech_spans(phones)]
            speech = np.zeros(len(truth), bool)
            for start, end in spans:
                speech |= (frame >= start) & (frame < end)
            shut = closures(phones, levels, rate)
            shift = late - 1
            contacts = tuple((start * rate + shift, end * rate + shift) for start, end in shut)
            return cls(truth, contacts, speech, True)
        whole = np.clip(np.rint(frame).astype(np.int64), 0, len(levels) - 1)
        speech = (levels[whole] > np.percentile(levels, 95) - RANGE_DB) & (frame >= 0)
        return cls(truth, _own_closures(truth, graph.controls, speech), speech, False)


def measure(
    signals: Mapping[str, Spoken], values: Mapping[str, NDArray[np.floating]], hops: Mapping[str, NDArray[np.int64]],
    controls: Sequence[str], rate: float,
) -> dict[str, float | None]:  # fmt: skip
    """A runtime's frames against the reference's.

    Parameters
    ----------
    signals
        By name.
    values, hops
        By name: the runtime's frames, float [n, controls], and the hops (1 is the first) that they end.
    rate
        Frames a second.

    Returns
    -------
    `correlation`, mean over the controls that the reference moves; `velocity_mse`, of frame-to-frame differences;
    `jitter`, mean absolute second difference, and `jitter_ratio` to the reference's on the same frames; `closure_f1`
    (at its best threshold) and `closure_ap` over speech frames; `closure_f1_loss` and `closure_ap_loss`, by how much
    the reference is better on the same frames. None where the signals do not give one.
    """
    pairs = [
        (values[name][run], one.truth[hops[name][run] - 1])
        for name, one in signals.items()
        for run in _runs(hops[name])
    ]
    own, truth = (np.concatenate(side) for side in zip(*pairs, strict=True))
    velocity = [np.diff(mine, axis=0) - np.diff(theirs, axis=0) for mine, theirs in pairs if len(mine) > 1]
    jitters = [_mean_jitter([pair[side] for pair in pairs]) for side in (0, 1)]
    likeness = correlation(own.astype(np.float64), truth.astype(np.float64))
    return {
        "correlation": likeness if np.isfinite(likeness) else None,
        "velocity_mse": float(np.mean(np.concatenate(velocity).astype(np.float64) ** 2)) if velocity else None,
        "jitter": jitters[0],
        "jitter_ratio": jitters[0] / jitters[1] if jitters[0] is not None and jitters[1] else None,
        **_closure(signals, values, hops, controls, rate),
    }


def about(signals: Mapping[str, Spoken], controls: Sequence[str]) -> dict[str, Any]:
    """Whose closures are scored: `against`, and how many of them on how many signals."""
    scored = _scored(signals)
    if not set(CLOSURE_NEEDS) <= set(controls):
        return {"against": "nothing: the controls do not say when lips are shut", "closures": 0, "signals": 0}
    labelled = any(one.labelled for one in scored.values())
    whose = "phone labels: closures of p, b and m" if labelled else "the reference's own most shut tenth of speech"
    return {"against": whose, "closures": sum(len(one.contacts) for one in scored.values()), "signals": len(scored)}


def _scored(signals: Mapping[str, Spoken]) -> dict[str, Spoken]:
    """The signals with phone labels; all where none has any."""
    labelled = {name: one for name, one in signals.items() if one.labelled}
    return labelled or dict(signals)


def _closure(
    signals: Mapping[str, Spoken], values: Mapping[str, NDArray], hops: Mapping[str, NDArray[np.int64]],
    controls: Sequence[str], rate: float,
) -> dict[str, float | None]:  # fmt: skip
    scored = _scored(signals)
    truth = {name: one.truth[hops[name] - 1] for name, one in scored.items()}
    own, best = (_contacts(scored, side, hops, controls, rate) for side in (values, truth))
    if own is None or best is None:
        return dict.fromkeys(("closure_f1", "closure_ap", "closure_f1_loss", "closure_ap_loss"))
    return {
        "closure_f1": own.f1,
        "closure_ap": own.average_precision,
        "closure_f1_loss": best.f1 - own.f1,
        "closure_ap_loss": best.average_precision - own.average_precision,
    }


def _contacts(
    scored: Mapping[str, Spoken], values: Mapping[str, NDArray], hops: Mapping[str, NDArray[np.int64]],
    controls: Sequence[str], rate: float,
) -> ContactScore | None:  # fmt: skip
    clips = []
    for name, one in scored.items():
        score, looked_at = np.zeros(len(one.truth), np.float32), np.zeros(len(one.truth), bool)
        score[hops[name] - 1], looked_at[hops[name] - 1] = closure(values[name], controls), True
        clips.append(ScoredClip(score, one.contacts, one.speech & looked_at))
    if not set(CLOSURE_NEEDS) <= set(controls) or not any((clip.inside() & clip.speech).any() for clip in clips):
        return None
    return contact_score(clips, rate)


def _own_closures(
    truth: NDArray[np.floating], controls: Sequence[str], speech: NDArray[np.bool_]
) -> tuple[tuple[float, float], ...]:
    if not set(CLOSURE_NEEDS) <= set(controls) or not speech.any():
        return ()
    score = closure(truth, controls)
    shut = speech & (score >= np.quantile(score[speech], 1 - CLOSED_SHARE))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], shut.astype(np.int8), [0]])))
    return tuple((float(start), float(end)) for start, end in zip(edges[::2], edges[1::2], strict=True))


def _runs(hops: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Places of hops that follow each other."""
    return np.split(np.arange(len(hops)), np.flatnonzero(np.diff(hops) != 1) + 1)


def _mean_jitter(parts: Sequence[NDArray[np.floating]]) -> float | None:
    steps = [np.abs(np.diff(part.astype(np.float64), 2, axis=0)) for part in parts if len(part) > 2]
    return float(np.concatenate(steps).mean()) if steps else None
