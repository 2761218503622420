"""The neural teacher's model card, written from what its run did."""

from __future__ import annotations

from pathlib import Path

from ...distill.card import data_rows, improving, score_rows
from ...distill.scoring import Score
from ...speech.corpus import Corpus
from .features import HOP, SAMPLE_RATE
from .recipe import TeacherRecipe


def render(
    recipe: TeacherRecipe,
    corpora: list[Corpus],
    history: list[dict],
    results: dict[str, Score],
    seconds: float,
    init: Path | None = None,
) -> str:
    """Markdown.

    Parameters
    ----------
    seconds
        Training time of all sessions, without what was lost when one was killed.
    init
        The teacher's folder that the training started from.
    """
    train, network = recipe.train, recipe.network
    heard = train.steps * train.batch * train.crop_frames * HOP / SAMPLE_RATE / 3600
    lines = [
        "# The neural teacher",
        "",
        f"Speech to {len(network.controls)} controls: log-mel{' and senones' * network.senones}, convolution, "
        f"{network.blocks} blocks of self-attention over the whole utterance. It labels speech that has no transcript; "
        "it does not run in a game.",
        "",
        "## Training",
        "Labels: the oracle (phones with times, coarticulation).",
        "Losses: reconstruction, velocity, lips on lips and on teeth.",
        f"Seed {train.seed}, {train.steps} steps of {train.batch} crops, {heard:.0f} hours heard, "
        f"{seconds / 60:.0f} minutes, {train.precision}.",
        *([f"Started from a trained teacher, `{init.name}`, whose own training is not counted here."] if init else []),
        "",
        "## Data",
        *data_rows(corpora),
        "",
        "## Measures (speakers never trained on; correlation and jitter against the oracle)",
        *score_rows(results),
        "",
    ]
    if history:
        lines += [f"Over the last fifth of the training: {improving(history)}.", ""]
    return "\n".join(lines)
