"""Speech in many languages by libespeak-ng, with the phone events of its synthesiser."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import soxr

from ...teachers.protocol import Phone
from .. import alphabets, audio, onsets, texts
from ..phones import Alphabet, TimedPhone
from ..recording import Dropped, Recording
from ..splits import split_of
from .espeak_process import Process

LANGUAGES = {
    "en-us": 4, "en": 3, "de": 2, "fr": 2, "es": 2, "it": 2, "pt-br": 1, "nl": 1, "sv": 1, "pl": 1, "cs": 1,
    "ru": 2, "tr": 1,
}  # fmt: skip
"""espeak-ng voice names and how often each is spoken, relative to the others."""

VARIANTS = (
    "", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "Alex", "Andy", "Annie",
    "Gene", "Jacky", "Lee", "Michael", "Mike", "adam", "anika", "antonio", "belinda", "benjamin", "boris", "caleb",
    "david", "ed", "edward", "grandma", "grandpa", "linda", "paul", "quincy", "rob", "robert", "shelby", "steph",
    "travis", "victor", "zac", "klatt2", "klatt4",
)  # fmt: skip
"""Voices whose formants are shifted and shaped; whispers and the effects (robots, croaks) are left out."""

LICENCE = "public domain (synthesised with espeak-ng)"
"""The program is GPL-3; its output is not a work based on it (GPL-3, section 2) and carries no licence."""

SHORTEST_PAUSE = 0.05
"""Seconds; shorter unnamed events inside an utterance are glottal onsets, which belong to the sound before."""


class Espeak:
    """An endless source of sentences over languages, voices, rates and pitches.

    Parameters
    ----------
    seed
        Chooses all of them; recording `i` depends on it and on `i` alone.

    Raises
    ------
    MissingDependency
        libespeak-ng is not installed.
    """

    name = "espeak"
    count = None

    def __init__(self, seed: int) -> None:
        self._espeak = Process()
        self._alphabets: dict[str, Alphabet] = {}
        self._seed = seed
        self.settings: Mapping[str, Any] = {
            "seed": seed,
            "texts": texts.digest(),
            "espeak-ng": self._espeak.version,
            "version": 2,
        }

    def __reduce__(self) -> tuple[type[Espeak], tuple[int]]:
        """Another process starts its own espeak-ng."""
        return Espeak, (self._seed,)

    def recording(self, index: int) -> Recording | Dropped:
        """Sentence number `index`."""
        rng = np.random.default_rng([self._seed, zlib.crc32(self.name.encode()), index])
        weights = np.array(list(LANGUAGES.values()), float)
        voice = str(rng.choice(list(LANGUAGES), p=weights / weights.sum()))
        variant = str(rng.choice(VARIANTS))
        language = voice.split("-")[0]
        text = texts.sentence(language, rng)
        rate, pitch, spread = int(rng.integers(115, 236)), int(rng.integers(20, 81)), int(rng.integers(20, 81))
        speech = self._espeak.speak(text, voice, variant, rate, pitch, spread)
        if speech is None:
            return Dropped(f"espeak-ng has no voice {voice}+{variant}")
        samples = soxr.resample(speech.samples, speech.sample_rate, audio.SAMPLE_RATE, quality="HQ")
        phones, unknown = self._phones(language, speech.labels, samples)
        speaker = f"espeak_{voice}" + (f"+{variant}" if variant else "")
        return Recording(
            name=f"{index:06d}",
            audio=samples,
            phones=phones,
            speaker=speaker,
            language=language,
            source=self.name,
            licence=LICENCE,
            split=split_of(self.name, speaker),
            text=text,
            unknown=unknown,
        )

    def _phones(
        self, language: str, labels: list[Phone], samples: np.ndarray
    ) -> tuple[list[TimedPhone], dict[str, int]]:
        alphabet = self._alphabets.setdefault(language, alphabets.ipa(language))
        phones = alphabet.translate(_without_glottal_onsets(labels))
        unknown = {f"{language} {symbol}": count for symbol, count in alphabet.unknown.items()}
        alphabet.unknown.clear()
        return onsets.correct_stops(phones, samples, audio.SAMPLE_RATE), unknown


def _without_glottal_onsets(labels: list[Phone]) -> list[Phone]:
    last = len(labels) - 1
    return [
        Phone(label.start, label.end, alphabets.GLOTTAL_STOP)
        if label.symbol == "" and 0 < index < last and label.end - label.start < SHORTEST_PAUSE
        else label
        for index, label in enumerate(labels)
    ]
