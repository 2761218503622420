"""What is held against a subject: hand labels as they were made, and a teacher's curves from wherever they come."""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from facelite.errors import BadInput
from facelite.evaluation.references import references
from facelite.evaluation.speech import open_speech
from facelite.labels import run as labels
from facelite.labels.run import Options
from facelite.labels.store import LabelStore
from facelite.speech.corpus import Corpus
from facelite.teachers.oracle import OracleTeacher


def test_closures_are_the_ones_that_people_labelled(hand_labelled):
    found = {one.clip.path: one.closures for one in references(open_speech(hand_labelled).clips)}
    labelled = defaultdict(list)
    with open(hand_labelled / "closures.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            labelled[row["path"]].append((float(row["start"]), float(row["end"])))
    starts = [start for spans in labelled.values() for start, _ in spans]
    same = [
        abs(start - ours) < 1e-6 and abs(end - until) < 0.016
        for path, spans in labelled.items()
        for start, end in spans
        for ours, until in [min(found[path], key=lambda span: abs(span[0] - start))]
    ]
    assert len(starts) == 388
    # The end of a stop that is labelled without its burst is read from the sound; the last few are such.
    assert np.mean(same) > 0.98


def test_curves_are_the_teachers(spoken):
    one = spoken[3]
    again = OracleTeacher().animate(one.clip.audio(), 16000, one.clip.phones)
    np.testing.assert_array_equal(one.curves.values, again.values)
    assert one.curves.controls == OracleTeacher.controls
    assert all(phone.symbol in "FV" for phone in one.clip.phones if (phone.start, phone.end) in one.bites)


def test_a_folder_of_labels_serves_as_teacher(clips, spoken, tmp_path):
    corpus = Corpus(clips[0].root, tuple(clips))
    labels.label([corpus], "oracle", tmp_path / "labels", Options(workers=1))
    stored = references(clips, str(tmp_path / "labels"))
    for ours, theirs in zip(stored, spoken, strict=True):
        np.testing.assert_allclose(ours.curves.values, theirs.curves.values, atol=5e-4)  # float16


def test_clips_of_two_corpora_under_one_path_keep_their_own_labels(clips, tmp_path):
    moved = [replace(clip, path="audio/0.wav", root=tmp_path / name) for clip, name in zip(clips, "ab", strict=False)]
    for here, there in zip(clips, moved, strict=False):
        (there.root / "audio").mkdir(parents=True)
        shutil.copy(here.root / here.path, there.root / there.path)
    labels.label([Corpus(clip.root, (clip,)) for clip in moved], "oracle", tmp_path / "labels", Options(workers=1))
    stored = references(moved, str(tmp_path / "labels"))
    assert len(stored) == 2
    for one in stored:
        alone = OracleTeacher().animate(one.clip.audio(), 16000, one.clip.phones)
        np.testing.assert_allclose(one.curves.values, alone.values, atol=5e-4)
    with pytest.raises(BadInput, match=r"2 clips called audio/0\.wav"):
        LabelStore.open(tmp_path / "labels").curves("audio/0.wav")


def test_a_sound_that_a_corpus_holds_twice_is_measured_twice(clips, tmp_path):
    twins = Corpus(tmp_path, tuple(replace(clips[0], path=name, root=tmp_path) for name in ("a.wav", "b.wav")))
    for clip in twins:
        shutil.copy(clips[0].root / clips[0].path, tmp_path / clip.path)
    labels.label([twins], "oracle", tmp_path / "labels", Options(workers=1))
    assert [one.clip.path for one in references(twins.clips, str(tmp_path / "labels"))] == ["a.wav", "b.wav"]


def test_labels_of_another_corpus_are_refused(clips, tmp_path):
    corpus = Corpus(clips[0].root, tuple(clips[:4]))
    labels.label([corpus], "oracle", tmp_path / "labels", Options(workers=1))
    with pytest.raises(BadInput, match="8 of 12"):
        references(clips, str(tmp_path / "labels"))


def test_a_teacher_that_needs_phones_and_gets_none_is_named(clips):
    with pytest.raises(BadInput, match="oracle"):
        references([replace(clip, phones=()) for clip in clips])


def test_a_clip_listed_twice_is_named(hand_labelled, tmp_path):
    shutil.copytree(hand_labelled, tmp_path / "speech")
    lines = (tmp_path / "speech" / "clips.csv").read_text().splitlines()
    (tmp_path / "speech" / "clips.csv").write_text("\n".join([*lines, lines[1]]) + "\n")
    with pytest.raises(BadInput, match=rf"clips\.csv: line {len(lines) + 1}: .* is listed a second time"):
        open_speech(tmp_path / "speech")


def test_a_folder_of_a_teachers_name_does_not_become_the_teacher(clips, spoken, tmp_path, monkeypatch):
    (tmp_path / "oracle").mkdir()
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(references(clips[:1], "oracle")[0].curves.values, spoken[0].curves.values)
    with pytest.raises(BadInput, match="holds no finished labels"):
        references(clips[:1], "oracle/")


@pytest.mark.parametrize(
    ("table", "change", "problem"),
    [
        ("clips.csv", ("speaker,", "speakre,"), "lacks the column speaker"),
        ("phones.csv", ("0.080", "soon"), r"phones\.csv: line \d+: .*'soon' is no number"),
        ("phones.csv", ("0.080", "nan"), r"phones\.csv: line \d+: .*'nan' is no number"),
        ("phones.csv", ("0.080,0.144", "0.144,0.080"), r"phones\.csv: line 2: end 0\.08 comes before start"),
        ("phones.csv", ("T,0.119", "T,0.2"), r"phones\.csv: line 2: release 0\.2 s lies outside"),
        ("phones.csv", ("0.080,0.144,T", "0.080,0.144,TT"), r"phones\.csv: line 2: 'TT' is no phone"),
        ("clips.csv", (",de,", ",de"), r"clips\.csv: line 2: has not as many cells"),
        ("clips.csv", (",de,", ",d\xe9,"), r"clips\.csv: is not a table in UTF-8"),
        ("clips.csv", None, "is missing"),
    ],
)
def test_bad_tables_are_named(hand_labelled, tmp_path, table, change, problem):
    for name in ("clips.csv", "phones.csv"):
        shutil.copy(hand_labelled / name, tmp_path)
    text = (tmp_path / table).read_text()
    if change:
        assert change[0] in text
        (tmp_path / table).write_text(text.replace(*change, 1), "latin-1")
    else:
        (tmp_path / table).unlink()
    with pytest.raises(BadInput, match=problem):
        open_speech(tmp_path)
