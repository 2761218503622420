"""Forced alignment of English speech with its text: where each phone lies, by pocketsphinx's own model.

Two passes, as the decoder's documentation says: the words first, then their phones and states. Both keep every
hypothesis (no beam), so that a hard passage costs time and not the whole utterance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import MissingDependency
from ..teachers.protocol import Phone
from . import audio, pronounce

LANGUAGE = "en"

MIN_SCORE = -45.0
"""Mean acoustic score per frame below which an alignment is not believed. A control with wrong transcripts
scored -52 at best, right ones -34 at worst."""

LONGEST = 120.0
"""Seconds; without a beam, time and memory grow with the square of the length."""

_FRAME = 0.01
_SILENCE = "SIL"


class Unalignable(Exception):
    """Why speech and text could not be brought together; a short phrase, since these are counted by it."""


@dataclass(frozen=True)
class Word:
    """A word with its time in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Alignment:
    """Where everything lies.

    Attributes
    ----------
    phones
        ARPAbet without stress and SIL, without gaps over the whole audio, seconds on a grid of 10 ms.
    words
        Without silences.
    score
        Mean acoustic score per frame outside silence; nearer to 0 is better.
    """

    phones: tuple[Phone, ...]
    words: tuple[Word, ...]
    score: float


class Aligner:
    """pocketsphinx with its US English model and dictionary. One per process: loading takes half a second.

    Raises
    ------
    MissingDependency
        pocketsphinx is not installed.
    """

    def __init__(self) -> None:
        version()
        self._decoder = _decoder()
        self._known = self._decoder.lookup_word

    def align(self, samples: NDArray[np.float32], text: str) -> Alignment:
        """Find the phones of `text` in `samples`; the same input gives the same answer whatever came before.

        Parameters
        ----------
        samples
            float32 [samples] at 16 kHz, -1..1.
        text
            What is said, in any spelling of case and punctuation.

        Raises
        ------
        Unalignable
            No words, a word whose pronunciation is unknown, too long, or words that do not fit the sound.
        """
        if len(samples) > LONGEST * audio.SAMPLE_RATE:
            raise Unalignable(f"longer than {LONGEST:g} s")
        said = pronounce.words(text)
        if not said:
            raise Unalignable("no words")
        for word in said:
            self._learn(word)
        entries = self._two_passes(samples, " ".join(said))
        alignment = _read(entries, len(samples) / audio.SAMPLE_RATE)
        if alignment.score < MIN_SCORE:
            raise Unalignable(f"alignment score below {MIN_SCORE:g}")
        return alignment

    def _learn(self, word: str) -> None:
        if self._known(word) is None:
            phones = pronounce.derive(word, self._known)
            if phones is None:
                raise Unalignable("a word that the dictionary does not know")
            self._decoder.add_word(word, phones, False)

    def _two_passes(self, samples: NDArray[np.float32], said: str) -> Any:
        pcm = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype("<i2").tobytes()
        self._decoder.reinit_feat()  # it remembers the last utterance: 3 of 17 came out differently without this
        try:
            self._decoder.set_align_text(said)
            self._decode(pcm)
            self._decoder.set_alignment()
            self._decode(pcm)
            entries = self._decoder.get_alignment()
        except RuntimeError:
            self._decoder = _decoder()  # one that failed in the middle of an utterance takes no further one
            self._known = self._decoder.lookup_word
            raise Unalignable("words that do not fit the sound") from None
        if entries is None:
            raise Unalignable("words that do not fit the sound")
        return entries

    def _decode(self, pcm: bytes) -> None:
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()


@cache
def aligner() -> Aligner:
    """This process's aligner."""
    return Aligner()


def version() -> str:
    """Of pocketsphinx; others align differently.

    Raises
    ------
    MissingDependency
        It is not installed.
    """
    from importlib import metadata

    try:
        return metadata.version("pocketsphinx")
    except metadata.PackageNotFoundError:
        raise MissingDependency("forced alignment", "pocketsphinx", "pip install facelite[align]") from None


def _decoder() -> Any:
    from pocketsphinx import Decoder

    return Decoder(lm=None, beam=0, wbeam=0, pbeam=0, bestpath=False, cmn="batch", loglevel="FATAL")


def _read(entries: Any, seconds: float) -> Alignment:
    phones: list[Phone] = []
    words: list[Word] = []
    score, frames = 0, 0
    for entry in entries:
        start = entry.start * _FRAME
        if not entry.name.startswith(("<", "[", "+")):
            words.append(Word(entry.name.split("(")[0], start, start + entry.duration * _FRAME))
        for phone in entry:
            symbol = _SILENCE if phone.name.startswith("+") else phone.name
            begin = phones[-1].end if phones else 0.0
            phones.append(Phone(begin, (phone.start + phone.duration) * _FRAME, symbol))
            if symbol != _SILENCE:
                score, frames = score + phone.score, frames + phone.duration
    if not frames:
        raise Unalignable("words that do not fit the sound")
    if phones[-1].symbol == _SILENCE:
        phones[-1] = Phone(phones[-1].start, seconds, _SILENCE)
    elif phones[-1].end < seconds:
        phones.append(Phone(phones[-1].end, seconds, _SILENCE))
    return Alignment(tuple(phones), tuple(words), score / frames)
