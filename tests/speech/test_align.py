"""Forced alignment against phones whose times a synthesiser knows, and what it refuses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from facelite import data
from facelite.speech import align, alphabets, audio, pronounce
from facelite.speech.sources.flite import Flite

pytest.importorskip("pocketsphinx", reason="pip install facelite[align]")

DICTIONARY = {"fish": "F IH SH", "man": "M AE N", "harp": "HH AA R P", "bake": "B EY K", "plum": "P L AH M"}


def test_words_are_plain_and_lower_case() -> None:
    said = "“Don't” stop, Mr. Brown-Smith's 42nd naïve dogs'!"
    assert pronounce.words(said) == ["don't", "stop", "mr", "brown", "smith's", "42nd", "naive", "dogs"]


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("fish's", "F IH SH IH Z"),
        ("harps", "HH AA R P S"),
        ("man's", "M AE N Z"),
        ("baking", "B EY K IH NG"),
        ("harped", "HH AA R P T"),
        ("fishman", "F IH SH M AE N"),
        ("zork", None),
        ("42nd", None),
    ],
)
def test_words_made_of_known_parts(word: str, phones: str | None) -> None:
    assert pronounce.derive(word, DICTIONARY.get) == phones


@pytest.mark.program("flite")
def test_phones_lie_where_the_synthesiser_put_them() -> None:
    """Median onset error and recall over 12 sentences in three voices; the synthesiser's labels are the truth."""
    source, errors, found, labial = Flite(seed=11), [], [], []
    for index in (i for i in range(16) if i % 4 != 3):  # the diphone voice is unlike any human
        recording = source.recording(index)
        try:
            alignment = align.aligner().align(recording.audio, recording.text)
        except align.Unalignable:
            continue
        phones = alphabets.arpabet().translate(alignment.phones)
        assert phones[0].start == 0
        assert phones[-1].end == pytest.approx(len(recording.audio) / audio.SAMPLE_RATE, abs=0.02)
        assert all(a.end == pytest.approx(b.start) for a, b in itertools.pairwise(phones))
        for truth in recording.phones:
            near = [p for p in phones if p.symbol == truth.symbol and abs(p.start - truth.start) < 0.1]
            found.append(bool(near))
            if near:
                errors.append(min(abs(p.start - truth.start) for p in near))
            if truth.symbol in ("P", "B", "M"):
                labial.append(bool(near))
    assert len(found) > 150, "most sentences were refused"
    assert np.median(errors) < 0.015
    assert np.mean(labial) > 0.93
    assert np.mean(found) > 0.75  # the dictionary and flite disagree on vowels


def test_an_answer_does_not_depend_on_what_came_before() -> None:
    clips = [clip for clip in data.clips() if clip.text][:5]
    heard = [audio.read(clip.path) for clip in clips]
    fresh = [align.Aligner().align(samples, clip.text) for samples, clip in zip(heard, clips, strict=True)]
    worn = align.Aligner()
    for index in (4, 3, 2, 1, 0, 2, 0, 3, 1, 4):
        assert worn.align(heard[index], clips[index].text) == fresh[index]
    assert [word.text for word in fresh[0].words] == pronounce.words(clips[0].text)


def test_what_cannot_be_aligned_says_why() -> None:
    clip = data.clips()[1]
    samples = audio.read(clip.path)
    for text, why in (
        ("", "no words"),
        ("the zorkblattquux", "dictionary"),
        ("completely different words were spoken by somebody else about mushrooms and umbrellas", "score|fit"),
    ):
        with pytest.raises(align.Unalignable, match=why):
            align.aligner().align(samples, text)
    with pytest.raises(align.Unalignable, match="fit"):
        align.aligner().align(samples[:3000], "one two three four five six seven eight nine ten")
    with pytest.raises(align.Unalignable, match="longer"):
        align.aligner().align(np.zeros(121 * 16000, np.float32), "one")
    assert align.aligner().align(samples, clip.text).score > align.MIN_SCORE  # it still works
