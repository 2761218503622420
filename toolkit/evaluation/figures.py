"""The figures that tables show: what each is called, how it is written, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..distill.scoring import Score
from .conditions import CLEAN
from .resting import Rest
from .run import Measured

RECORDED, MUSIC = "recorded noise", "music"


@dataclass(frozen=True)
class Figure:
    """One column.

    Attributes
    ----------
    key, heading
        In JSON, and at the head of a column.
    write
        A value as text.
    """

    key: str
    heading: str
    write: Callable[[float], str]


def _share(value: float) -> str:
    """ ".429"; 1 stays "1.000"."""
    return f"{value:.3f}".replace("0.", ".", 1) if 0 <= value < 1 else f"{value:.3f}"


def _thousandths(value: float) -> str:
    return f"{1000 * value:.2f}"


FIGURES = {
    figure.key: figure
    for figure in (
        Figure("average_precision", "AP", _share),
        Figure("f1", "F1", _share),
        Figure("precision", "precision", _share),
        Figure("recall", "recall", _share),
        Figure("event_recall", "found", _share),
        Figure("false_alarms", "false alarms", "{:.2f}".format),
        Figure("onset_ms", "onset, ms", "{:+.0f}".format),
        Figure("inside_rate", "shut inside", _share),
        Figure("outside_rate", "shut outside", _share),
        Figure("labiodental_average_precision", "f, v: AP", _share),
        Figure("labiodental_event_recall", "f, v: found", _share),
        Figure("correlation", "r", _share),
        Figure("mse", "MSE · 10³", _thousandths),
        Figure("velocity_mse", "velocity · 10³", _thousandths),
        Figure("jitter_unsmoothed", "jitter, plain", "{:.2f}".format),
        Figure("jitter_smoothed", "smoothed", "{:.2f}".format),
        Figure("open_noise", "open in noise", _share),
        Figure("open_music", "open in music", _share),
        Figure("jaw_noise", "jaw in noise", _share),
    )
}


def at(condition: str) -> str:
    """Key of the closures' average precision under a condition."""
    return f"average_precision, {condition}"


def figures(measured: Measured, group: str) -> dict[str, float]:
    """Every figure of one subject on one group of clips; those that could not be measured are absent."""
    score = measured.scores[CLEAN][group]
    found: dict[str, float] = {
        "correlation": score.correlation,
        "mse": score.mse,
        "velocity_mse": score.velocity_mse,
        **_contacts(score),
        **_resting(measured.rest),
    }
    smoothing = measured.smoothing[group]
    if smoothing.teacher > 0:
        found["jitter_unsmoothed"] = smoothing.unsmoothed / smoothing.teacher
        found["jitter_smoothed"] = smoothing.smoothed / smoothing.teacher
    for condition, scores in measured.scores.items():
        closure = scores[group].closure
        if condition != CLEAN and closure:
            found[at(condition)] = closure.average_precision
    return {key: value for key, value in found.items() if math.isfinite(value)}


_CLOSURE = (
    "average_precision",
    "f1",
    "precision",
    "recall",
    "event_recall",
    "false_alarms",
    "onset_ms",
    "inside_rate",
    "outside_rate",
)
_LABIODENTAL = ("average_precision", "event_recall")


def _contacts(score: Score) -> dict[str, float]:
    found: dict[str, float] = {}
    if score.closure:
        found |= {name: getattr(score.closure, name) for name in _CLOSURE}
    if score.labiodental:
        found |= {f"labiodental_{name}": getattr(score.labiodental, name) for name in _LABIODENTAL}
    return found


def _resting(rest: Mapping[str, Rest]) -> dict[str, float]:
    noises = [value for kind, value in rest.items() if kind == RECORDED] or [
        value for kind, value in rest.items() if kind.endswith("noise")
    ]
    if not noises:
        return {}
    frames = sum(noise.frames for noise in noises)
    return {
        "open_noise": sum(noise.open_share * noise.frames for noise in noises) / frames,
        "jaw_noise": sum(noise.mean_jaw * noise.frames for noise in noises) / frames,
        "open_music": rest[MUSIC].open_share,
    }
