"""A model card written from what a run did: data, licences, seed, measures."""

from __future__ import annotations

from collections import defaultdict

from ..speech.corpus import Corpus
from .recipe import Recipe
from .scoring import Score


def render(
    recipe: Recipe, corpora: list[Corpus], history: list[dict], results: dict[str, Score], seconds: float | None
) -> str:
    """Markdown.

    Parameters
    ----------
    seconds
        Training time, or None when the run was resumed and its time is not known.
    """
    student, train = recipe.student, recipe.train
    duration = f"{seconds / 60:.0f} minutes" if seconds else "resumed, total time not recorded"
    heard = train.steps * train.batch * train.crop_frames * student.hop / student.sample_rate / 3600
    lines = [
        f"# {student.name}",
        "",
        f"Speech to {len(student.controls)} ARKit controls: causal convolutions over the mu-law-companded waveform, "
        f"window {student.window} samples, {student.lookahead / student.sample_rate * 1000:.0f} ms of future, "
        f"hop {student.hop} samples at {student.sample_rate} Hz.",
        "",
        "## Training",
        "Teacher: the oracle (phones with times, coarticulation). Stage 1: reconstruction and velocity.",
        f"Seed {train.seed}, {train.steps} steps of {train.batch} crops, {heard:.0f} hours heard, {duration}.",
        "",
        "## Data",
        "| source | language | licence | hours trained on |",
        "|---|---|---|---|",
        *_data_rows(corpora),
        "",
        "## Measures (float, speakers never trained on)",
        "| held out | clips | r | jitter ratio | closure AP | F1 | recall of closures | onset ms |",
        "|---|---|---|---|---|---|---|---|",
        *(_score_row(name, result) for name, result in results.items()),
        "",
    ]
    if history:
        lines += [f"Last validation: mse {history[-1]['mse']:.5f}, correlation {history[-1]['correlation']:.3f}.", ""]
    return "\n".join(lines)


def _data_rows(corpora: list[Corpus]) -> list[str]:
    hours: dict[tuple[str, str, str], float] = defaultdict(float)
    for corpus in corpora:
        for clip in corpus:
            if clip.split == "train" and (clip.phones or clip.source == "noise"):
                hours[clip.source, clip.language or "-", clip.licence] += clip.seconds / 3600
    return [
        f"| {source} | {language} | {licence} | {total:.2f} |"
        for (source, language, licence), total in sorted(hours.items())
    ]


def _score_row(name: str, result: Score) -> str:
    closure = result.closure
    shown = (
        f"{closure.average_precision:.3f} | {closure.f1:.3f} | {closure.event_recall:.3f} | {closure.onset_ms:+.0f}"
        if closure
        else "- | - | - | -"
    )
    return f"| {name} | {result.clips} | {result.correlation:.3f} | {result.jitter_ratio:.2f} | {shown} |"
