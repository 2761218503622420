"""Long recordings are divided where nobody speaks, and nothing of them is lost."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.speech import pieces
from facelite.speech.phones import TimedPhone

RATE = 16000


@pytest.fixture
def talk() -> np.ndarray:
    """Seventy seconds of noise with half a second of silence every seven."""
    sound = np.random.default_rng(0).standard_normal(70 * RATE).astype(np.float32) * np.float32(0.1)
    for start in range(7, 70, 7):
        sound[start * RATE : start * RATE + RATE // 2] *= 1e-3
    return sound


def test_cuts_lie_in_silence(talk: np.ndarray) -> None:
    found = pieces.cuts(talk)
    assert np.all(np.diff([0, *found, 70]) <= 30)
    for cut in found:
        assert 0 <= cut % 7 <= 0.5


def test_known_silences_are_preferred(talk: np.ndarray) -> None:
    phones = [TimedPhone(0, 20, "AA"), TimedPhone(20, 20.2, "SIL"), TimedPhone(20.2, 45, "AA")]
    phones += [TimedPhone(45, 45.4, "SIL"), TimedPhone(45.4, 70, "AA")]
    assert pieces.cuts(talk, phones) == pytest.approx([20.1, 45.2])


def test_short_recordings_stay_whole() -> None:
    assert pieces.cuts(np.zeros(30 * RATE, np.float32)) == []


def test_phones_move_with_their_piece() -> None:
    phones = [TimedPhone(0, 1, "SIL"), TimedPhone(1, 1.5, "P", 1.4), TimedPhone(1.5, 3, "AA")]
    assert pieces.cut_phones(phones, 0, 0.5) == [TimedPhone(0, 0.5, "SIL")]
    assert pieces.cut_phones(phones, 0.5, 2) == [
        TimedPhone(0, 0.5, "SIL"),
        TimedPhone(0.5, 1.0, "P", pytest.approx(0.9)),
        TimedPhone(1.0, 1.5, "AA"),
    ]
