"""The recordings in the package and in the tests: whole, labelled, licensed, never trained on."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from facelite import data
from facelite.speech import audio, licences, splits
from facelite.speech.phones import INVENTORY, VOWELS
from facelite.teachers.articulation import BILABIALS

EMODB = Path(__file__).parents[1] / "data" / "emodb"


def mean_db(samples: np.ndarray, start: float, end: float) -> float:
    piece = samples[round(start * 16000) : round(end * 16000)].astype(np.float64)
    return float(10 * np.log10(np.mean(piece**2) + 1e-10))


def test_packaged_clips_are_whole_small_and_varied() -> None:
    clips = data.clips()
    assert len({clip.speaker for clip in clips}) == len(clips) == 11
    assert {clip.voice for clip in clips} == {"female", "male"}
    seconds = [len(audio.read(clip.path)) / 16000 for clip in clips]
    assert 40 < sum(seconds) < 60
    for clip, length in zip(clips, seconds, strict=True):
        assert clip.text
        assert clip.phones[0].start == 0
        assert clip.phones[-1].end == pytest.approx(length, abs=0.02)
        assert {phone.symbol for phone in clip.phones} <= set(INVENTORY)
    assert sum(path.stat().st_size for path in clips[0].path.parent.iterdir()) < 1_500_000


def test_packaged_clips_may_be_shipped_and_are_never_trained_on() -> None:
    readme = (data.clips()[0].path.parent / "README.md").read_text()
    for clip in data.clips():
        assert licences.admitted(clip.licence), clip.name
        assert splits.split_of("any", clip.speaker) == "test"
        assert f"| {clip.name} |" in readme


def test_demo_clip_is_rich_in_closures_that_are_where_its_phones_say() -> None:
    clip = data.demo_clip()
    samples = audio.read(clip.path)
    stops = [phone for phone in clip.phones if phone.symbol in ("P", "B")]
    vowels = [phone for phone in clip.phones if phone.symbol in VOWELS]
    assert sum(phone.symbol in BILABIALS for phone in clip.phones) == 9
    assert 5 <= clip.phones[-1].end <= 10
    closed = np.median([mean_db(samples, phone.start + 0.01, phone.start + 0.04) for phone in stops])
    opened = np.median([mean_db(samples, phone.start, phone.end) for phone in vowels])
    assert opened - closed > 12  # b is voiced: its closure hums


def emodb_rows(name: str) -> list[dict[str, str]]:
    with (EMODB / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_hand_labelled_clips_hold_the_closures_their_readme_counts() -> None:
    closures = emodb_rows("closures.csv")
    assert Counter(row["phone"] for row in closures) == {"M": 180, "B": 115, "P": 93}
    assert len(closures) == 388
    paths = {path.relative_to(EMODB).as_posix() for path in (EMODB / "clips").iterdir()}
    assert len(paths) == 100
    assert {row["path"] for row in closures} == paths == {row["path"] for row in emodb_rows("phones.csv")}
    assert len({Path(path).stem[:2] for path in paths}) == 10
    assert all(0 <= float(row["start"]) < float(row["end"]) <= 2.0 for row in closures)


def test_hand_labelled_closures_are_quiet() -> None:
    sounds = {path: audio.read(EMODB / path) for path in {row["path"] for row in emodb_rows("phones.csv")}}
    assert {len(samples) for samples in sounds.values()} == {32000}

    def levels(rows: list[dict[str, str]], inset: float) -> list[float]:
        spans = [(sounds[row["path"]], float(row["start"]) + inset, float(row["end"]) - inset) for row in rows]
        return [mean_db(samples, start, end) for samples, start, end in spans if end - start > 0.01]

    vowels = levels([row for row in emodb_rows("phones.csv") if row["phone"] in VOWELS], inset=0.0)
    stops = levels([row for row in emodb_rows("closures.csv") if row["phone"] == "P"], inset=0.01)
    assert np.median(vowels) - np.median(stops) > 20
