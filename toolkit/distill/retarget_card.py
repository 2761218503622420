"""The model card of a retargeted student."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..spec import StudentSpec

if TYPE_CHECKING:
    from .retarget import Outcome

_LISTED = 20


def render(outcome: Outcome, old: StudentSpec) -> str:
    """Markdown: where the student comes from, what it learnt from, and how each control fares on held-out speech."""
    spec, follower = outcome.spec, outcome.follower
    lines = [
        f"# {spec.name}",
        "",
        f"The student `{old.name}` with a new last layer for {len(spec.controls)} controls; every other layer is "
        f"unchanged. {_activation(outcome)}",
        "",
        "## Data",
        f"Learnt from {len(outcome.learnt)} recordings, {outcome.seconds / 60:.1f} minutes: {_names(outcome.learnt)}.",
        f"Judged on {len(outcome.held_out)} others: {_names(outcome.held_out)}.",
    ]
    if follower.control:
        lines += [
            "",
            f"Timing of the curves: `{follower.control}` follows the loudness of speech most closely, "
            f"{follower.lag_ms:+.0f} ms later (r {follower.correlation:.2f}).",
        ]
    lines += [
        "",
        "## Measures on the held-out recordings (float, smoothed as in a stream)",
        f"Mean correlation {outcome.mean_correlation:.3f}; jitter {outcome.jitter_ratio:.2f} of the curves' own; "
        f"the student moves {outcome.lag_ms:+.0f} ms later than the curves (median).",
        "",
        "| control | correlation | spread over the curves' own | ridge |",
        "|---|---|---|---|",
        *(
            f"| {control} | {_number(r)} | {_number(reach)} | {ridge:.3g} |"
            for control, r, reach, ridge in zip(
                spec.controls, outcome.correlation, outcome.reach, outcome.ridge, strict=True
            )
        ),
        "",
        "A dash: the control does not move in the held-out recordings. The measures are of these speakers; "
        "another voice or language is another matter.",
        "",
    ]
    return "\n".join(lines)


def _activation(outcome: Outcome) -> str:
    if not outcome.signed:
        return "It ends in ReLU, as no control goes below 0."
    names = _names(outcome.signed)
    return f"It ends linear, since {names} go below 0; controls that should not may dip slightly below it."


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(f"`{name}`" for name in names[:_LISTED]) + more


def _number(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "-"
