"""Phone timings of the sources against the sound itself: an independent measure of where vowels and closures are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from facelite.speech import alphabets, texts
from facelite.speech.phones import INVENTORY, SILENCE, VOWELS
from facelite.speech.recording import Recording, Source
from facelite.speech.sources import espeak
from facelite.speech.sources.espeak_process import Process
from scipy import signal

RATE = 16000
BAND = signal.butter(4, [600, 5000], "band", fs=RATE, output="sos")
"""Where a closure is quiet even when it is voiced."""


def level_db(audio: np.ndarray) -> np.ndarray:
    """Level of each millisecond, smoothed over five, against the 95th percentile."""
    filtered = signal.sosfilt(BAND, audio)
    power = np.mean(filtered[: len(filtered) // 16 * 16].reshape(-1, 16) ** 2, axis=1)
    level = 10 * np.log10(np.convolve(power, np.ones(5) / 5, "same") + 1e-9)
    return level - np.percentile(level, 95)


def take(source: Source, count: int) -> list[Recording]:
    clips = [source.recording(index) for index in range(count)]
    return [clip for clip in clips if isinstance(clip, Recording)]


def vowel_lag_ms(clips: Sequence[Recording]) -> int:
    """The shift of the vowels' labels at which they fit the level best; positive where labels come early."""
    lags = range(-60, 61, 5)
    fit = np.zeros(len(lags))
    for clip in clips:
        level = np.clip(level_db(clip.audio), -50, 0)
        mask = np.zeros(len(level))
        for phone in clip.phones:
            if phone.symbol in VOWELS:
                mask[round(phone.start * 1000) : round(phone.end * 1000)] = 1
        if mask.std() > 0 and level.std() > 0 and len(mask) > 200:
            mask, level = (mask - mask.mean()) / mask.std(), (level - level.mean()) / level.std()
            fit += [np.mean(mask[60:-60] * level[60 + lag : len(level) - 60 + lag]) for lag in lags]
    return lags[int(np.argmax(fit))]


def closure_lag_ms(clips: Sequence[Recording], phone: str) -> float:
    """Where the level falls halfway from a vowel into this phone's closure, against its label; ms, median curve."""
    curves = []
    for clip in clips:
        level = level_db(clip.audio)
        for before, closed in pairwise(clip.phones):
            onset = round(closed.start * 1000)
            if closed.symbol == phone and before.symbol in VOWELS and 60 < onset < len(level) - 60:
                curves.append(level[onset - 60 : onset + 60])
    assert len(curves) >= 12, f"only {len(curves)} {phone} after vowels"
    curve = np.median(curves, axis=0)
    halfway = (curve[:40].mean() + curve[60:].min()) / 2
    return float(np.flatnonzero((curve < halfway) & (np.arange(120) > 20))[0] - 60)


def check_labels(clips: Sequence[Recording]) -> None:
    """In order, without gaps or overlaps, inside the audio, in the inventory; silence is silent."""
    spoken, silent = [], []
    for clip in clips:
        phones = clip.phones
        assert {phone.symbol for phone in phones} <= set(INVENTORY)
        assert all(phone.end > phone.start for phone in phones)
        assert all(abs(b.start - a.end) < 1e-6 for a, b in pairwise(phones))
        assert phones[-1].end == pytest.approx(len(clip.audio) / RATE, abs=0.001)
        assert phones[0].start == 0
        level = level_db(clip.audio)
        for phone in phones:
            piece = level[round(phone.start * 1000) : round(phone.end * 1000)]
            if phone.symbol == SILENCE and phone.end - phone.start > 0.1:
                silent.append(piece[20:-20].mean())
            elif phone.symbol in VOWELS and len(piece):
                spoken.append(piece.mean())
    assert np.median(spoken) - np.median(silent) > 25


def check_timing(clips: Sequence[Recording], stops: str) -> None:
    assert abs(vowel_lag_ms(clips)) <= 15
    for stop in stops:
        assert abs(closure_lag_ms(clips, stop)) <= 12, stop


@pytest.mark.program("espeak-ng")
def test_espeak() -> None:
    clips = take(espeak.Espeak(seed=21), 120)
    check_labels(clips)
    check_timing(clips, "PBMTDK")
    assert not sum((Counter(clip.unknown) for clip in clips), Counter())
    assert {clip.language for clip in clips} == {name.split("-")[0] for name in espeak.LANGUAGES}
    assert len({clip.speaker for clip in clips}) > 60


@pytest.mark.program("espeak-ng")
def test_espeak_has_every_voice_and_knows_every_symbol_of_every_language() -> None:
    library = Process()
    for voice in espeak.LANGUAGES:
        alphabet = alphabets.ipa(voice.split("-")[0])
        rng = np.random.default_rng(1)
        for _ in range(25):
            text = texts.sentence(voice.split("-")[0], rng)
            speech = library.speak(text, voice, "", 175, 50, 50)
            assert speech is not None, voice
            alphabet.translate(speech.labels)
        assert not alphabet.unknown, voice
    assert all(library.speak("a", "en-us", variant, 175, 50, 50) for variant in espeak.VARIANTS)
    assert library.speak("a", "tlh-none", "", 175, 50, 50) is None


@pytest.mark.program("flite")
def test_flite() -> None:
    from facelite.speech.sources.flite import VOICES, Flite

    clips = take(Flite(seed=4), 60)
    check_labels(clips)
    check_timing(clips, "PM")
    for voice in VOICES:
        assert abs(vowel_lag_ms([clip for clip in clips if clip.speaker == f"flite_{voice}"])) <= 20
    assert not sum((Counter(clip.unknown) for clip in clips), Counter())


@pytest.mark.program("festvox-ru")
def test_festvox_ru() -> None:
    from facelite.speech.sources.festvox_ru import FestvoxRu

    source = FestvoxRu()
    clips = take(source, 80)
    check_labels(clips)
    check_timing(clips, "PBMT")
    assert not sum((Counter(clip.unknown) for clip in clips), Counter())
    assert (source.count, clips[0].split, source.recording(source.count - 60).split) == (620, "train", "test")
    assert source.recording(source.count - 61).split == "train"
    assert all(clip.text and "+" not in clip.text for clip in clips)


@pytest.mark.program("espeak-ng")
def test_recordings_do_not_depend_on_what_was_made_before() -> None:
    first, second = espeak.Espeak(seed=2), espeak.Espeak(seed=2)
    made = {index: first.recording(index) for index in range(12)}
    for index in (11, 4, 7):
        again = second.recording(index)
        assert np.array_equal(again.audio, made[index].audio)
        assert again.phones == made[index].phones
