"""Which speakers are trained on: one deterministic rule, by speaker, never by clip."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

SPLITS = ("train", "valid", "test")

VALID_SHARE = 0.10
"""Share of each source's speakers held for validation."""


RULE = 1
"""Number of the rule below; it goes up when a speaker may change split, so that no corpus mixes two rules."""


@cache
def held_out_speakers() -> frozenset[str]:
    """Speakers of the recordings packaged with facelite; they are test wherever they turn up."""
    text = (Path(__file__).parents[1] / "data" / "held_out_speakers.txt").read_text(encoding="utf-8")
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return frozenset(line for line in lines if line)


def split_of(source: str, speaker: str) -> str:
    """train, valid or test for one speaker, the same on every machine and in every build.

    A speaker named "*_unknown" stands for many people who cannot be told apart, so it is never divided: train.
    """
    if speaker in held_out_speakers():
        return "test"
    if speaker.endswith("_unknown"):
        return "train"
    digest = hashlib.sha256(f"{source}/{speaker}".encode()).digest()
    return "valid" if int.from_bytes(digest[:4], "big") < VALID_SHARE * 2**32 else "train"
