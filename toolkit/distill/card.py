"""A model card written from what a run did: data, licences, seed, measures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from ..speech.corpus import Corpus
from .labelled import LabelledSet
from .recipe import Recipe
from .scoring import Score

_TRENDS = (
    ("train_loss", "training loss", 3),
    ("mse", "mse", 5),
    ("correlation", "correlation", 3),
    ("closure_average_precision", "closure AP", 3),
)


def render(
    recipe: Recipe,
    corpora: list[Corpus],
    sets: list[Path],
    teachers: list[str],
    history: list[dict],
    results: dict[str, Score],
    seconds: float,
    init: Path | None = None,
) -> str:
    """Markdown.

    Parameters
    ----------
    sets
        The labelled set of each corpus.
    teachers
        Who made the labels.
    seconds
        Training time of all sessions, without what was lost when one was killed.
    init
        The student that the training started from.
    """
    student, train = recipe.student, recipe.train
    heard = train.steps * train.batch * train.crop_frames * student.hop / student.sample_rate / 3600
    lines = [
        f"# {student.name}",
        "",
        f"Speech to {len(student.controls)} controls: causal convolutions over the companded waveform "
        f"({student.companding}), window {student.window} samples, "
        f"{student.lookahead / student.sample_rate * 1000:.0f} ms of future, "
        f"hop {student.hop} samples at {student.sample_rate} Hz.",
        "",
        "## Training",
        f"Labels by: {', '.join(dict.fromkeys(teachers))}. Losses: {', '.join(_losses(recipe))}.",
        f"Seed {train.seed}, {train.steps} steps of {train.batch} crops, {heard:.0f} hours heard, "
        f"{seconds / 60:.0f} minutes{f', started from {init}' if init else ''}.",
        "",
        "## Data",
        *data_rows(corpora, sets),
        "",
        "## Measures (float, speakers never trained on)",
        *score_rows(results),
        "",
    ]
    if history:
        lines += [f"Last validation: mse {history[-1]['mse']:.5f}, correlation {history[-1]['correlation']:.3f}."]
        lines += [f"Over the last fifth of the training: {improving(history)}.", ""]
    return "\n".join(lines)


def improving(history: list[dict]) -> str:
    """How the validation measures moved over the last fifth of the training, from one evaluation to the last."""
    since = next(record for record in history if record["step"] >= 0.8 * history[-1]["step"])
    if since is history[-1]:
        return "too few evaluations for a trend"
    return ", ".join(
        f"{title} {history[-1][name] - since[name]:+.{digits}f}"
        for name, title, digits in _TRENDS
        if name in history[-1] and name in since
    )


def _losses(recipe: Recipe) -> list[str]:
    train, features = recipe.train, recipe.features
    weights = {
        "reconstruction": 1.0,
        "velocity": train.velocity_weight,
        "contacts": train.contact_weight,
        "log-mel of the front, fading over the first half": train.mel_weight,
    }
    if features:
        weights[f"features of the frozen student in {features.source}"] = features.weight
    return [f"{name} ({weight:g})" for name, weight in weights.items() if weight > 0]


def data_rows(corpora: list[Corpus], sets: Sequence[Path] = ()) -> list[str]:
    """A Markdown table: hours trained on by source, language and licence.

    Parameters
    ----------
    sets
        The labelled set of each corpus, to count what has labels; unless given, what has phones.
    """
    hours: dict[tuple[str, str, str], float] = defaultdict(float)
    for corpus, path in zip_longest(corpora, sets):
        labelled = {entry.path for entry in LabelledSet.open(path).entries if entry.labelled} if path else None
        for clip in corpus:
            used = clip.path in labelled if labelled is not None else bool(clip.phones)
            if clip.split == "train" and (used or clip.source == "noise"):
                hours[clip.source, clip.language or "-", clip.licence] += clip.seconds / 3600
    rows = (
        f"| {source} | {language} | {licence} | {total:.2f} |"
        for (source, language, licence), total in sorted(hours.items())
    )
    return ["| source | language | licence | hours trained on |", "|---|---|---|---|", *rows]


def score_rows(results: dict[str, Score]) -> list[str]:
    """A Markdown table: one row a held-out source."""
    header = "| held out | clips | r | jitter ratio | closure AP | F1 | recall of closures | onset ms |"
    rows = (_score_row(name, result) for name, result in results.items())
    return [header, "|---|---|---|---|---|---|---|---|", *rows]


def _score_row(name: str, result: Score) -> str:
    closure = result.closure
    shown = (
        f"{closure.average_precision:.3f} | {closure.f1:.3f} | {closure.event_recall:.3f} | {closure.onset_ms:+.0f}"
        if closure
        else "- | - | - | -"
    )
    return f"| {name} | {result.clips} | {result.correlation:.3f} | {result.jitter_ratio:.2f} | {shown} |"
