"""Sentences: seeded, speakable, rich in the sounds that lips make."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.errors import BadInput
from facelite.speech import texts


@pytest.mark.parametrize("language", texts.languages())
def test_sentences_are_seeded_varied_and_complete(language: str) -> None:
    def draw(seed: int) -> list[str]:
        rng = np.random.default_rng(seed)
        return [texts.sentence(language, rng) for _ in range(300)]

    sentences = draw(0)
    assert sentences == draw(0)
    assert sentences != draw(1)
    assert len(set(sentences)) > 180
    assert not any("{" in sentence or "}" in sentence or "  " in sentence for sentence in sentences)
    lengths = sorted(map(len, sentences))
    assert lengths[15] < 20, "short commands"
    assert lengths[-15] > 100, "long sentences"


def test_there_are_many_languages_and_unknown_ones_are_named() -> None:
    assert len(texts.languages()) >= 12
    with pytest.raises(BadInput, match="'xx'"):
        texts.sentence("xx", np.random.default_rng(0))
