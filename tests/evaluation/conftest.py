"""Hand-labelled German speech, and the references made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from facelite.evaluation.references import references
from facelite.evaluation.speech import open_speech

HAND_LABELLED = Path(__file__).parents[1] / "data" / "emodb"


@pytest.fixture(scope="session")
def hand_labelled() -> Path:
    return HAND_LABELLED


@pytest.fixture(scope="session")
def clips():
    """Twelve clips by ten speakers, 24 s."""
    chosen = open_speech(HAND_LABELLED).clips
    return [*chosen[::10], *chosen[5:7]]


@pytest.fixture(scope="session")
def spoken(clips):
    return references(clips)
