"""A student trains on what the stores say and on the corpus's own phones, sound for sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from facelite.companding import to_int16
from facelite.distill.labelled import LabelledSet
from facelite.distill.labelling import labelled_sets
from facelite.errors import BadInput
from facelite.labels.run import Options, label
from facelite.speech.corpus import Corpus
from facelite.teachers.closures import closures, speech_spans
from facelite.teachers.loudness import frame_levels
from facelite.teachers.oracle import OracleTeacher

HOP = 256
ONE = Options(workers=1)


@pytest.fixture(scope="module")
def opened(corpus) -> Corpus:
    return Corpus.open(corpus)


@pytest.fixture(scope="module")
def oracle(opened, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("oracle")
    label([opened], "oracle", folder, ONE)
    return folder


@pytest.fixture(scope="module")
def heard(opened, listener, tmp_path_factory) -> Path:
    """Labels by a network that knows no phones."""
    folder = tmp_path_factory.mktemp("heard")
    label([opened], listener(), folder, ONE)
    return folder


def _set(corpus: Corpus, folder: Path, stores: list[Path], controls: tuple[str, ...] = ("jawOpen",)) -> LabelledSet:
    (path,) = labelled_sets([corpus], controls, HOP, folder, stores=stores)
    return LabelledSet.open(path)


def test_entries_hold_the_sound_the_labels_and_the_corpus_own_phones(opened, oracle, tmp_path, capsys):
    controls = ("mouthClose", "jawOpen")
    labelled = _set(opened, tmp_path, [oracle], controls)
    assert len(labelled.entries) == 23, "22 with phones and the noise"
    assert f"{opened.root}: left out 1 of 24 clips" in capsys.readouterr().err
    clips = {clip.path: clip for clip in opened}
    for entry in labelled.entries:
        clip = clips[entry.path]
        audio = clip.audio()
        assert np.array_equal(to_int16(labelled.clip_audio(entry)[: len(audio)]), to_int16(audio))
        assert not labelled.clip_audio(entry)[len(audio) :].any()
        assert entry.speech == speech_spans(clip.phones)
        assert entry.closures == closures(clip.phones, frame_levels(audio, 16000, 62.5), 62.5)
        if entry.labelled:
            expected = OracleTeacher().animate(audio, 16000, clip.phones).select(controls).values
            assert np.array_equal(labelled.clip_curves(entry), expected.astype(np.float16).astype(np.float32))
        else:
            assert clip.source == "noise"
            assert not labelled.clip_curves(entry).any(), "the resting face"


def test_a_teacher_that_listens_labels_clips_without_phones(opened, heard, tmp_path):
    labelled = _set(opened, tmp_path, [heard])
    silent = next(clip for clip in opened if not clip.phones and clip.source != "noise")
    entry = next(entry for entry in labelled.entries if entry.path == silent.path)
    assert entry.labelled
    assert (entry.closures, entry.speech) == ((), ())
    audio = np.zeros(entry.frames * HOP, np.float32)
    audio[: len(silent.audio())] = silent.audio()
    expected = 4 * np.abs(audio.reshape(-1, HOP)).mean(1)
    assert labelled.clip_curves(entry)[:, 0] == pytest.approx(expected, rel=2e-3)


def test_the_first_store_that_knows_a_clip_has_the_word(opened, oracle, heard, tmp_path):
    both, alone = _set(opened, tmp_path / "both", [oracle, heard]), _set(opened, tmp_path / "alone", [oracle])
    assert len(both.entries) == len(alone.entries) + 1
    places = {entry.path: entry for entry in both.entries}
    for entry in alone.entries:
        assert np.array_equal(alone.clip_curves(entry), both.clip_curves(places[entry.path]))


def test_a_set_is_made_once_and_made_again_for_other_labels(opened, oracle, heard, tmp_path):
    (first,) = labelled_sets([opened], ("jawOpen",), HOP, tmp_path, stores=[oracle])
    made = (first / "index.json").stat().st_mtime_ns
    (again,) = labelled_sets([opened], ("jawOpen",), HOP, tmp_path, stores=[oracle])
    (other,) = labelled_sets([opened], ("jawOpen",), HOP, tmp_path, stores=[heard])
    assert again == first != other
    assert (first / "index.json").stat().st_mtime_ns == made


def test_labels_that_do_not_fit_the_student_are_refused(opened, heard, tmp_path):
    with pytest.raises(BadInput, match="holds no labels for mouthClose"):
        _set(opened, tmp_path, [heard], ("jawOpen", "mouthClose"))
    with pytest.raises(BadInput, match="every 256 samples"):
        labelled_sets([opened], ("jawOpen",), 128, tmp_path, stores=[heard])


def test_labels_of_another_corpus_are_refused(write_corpus, oracle, tmp_path):
    write_corpus(tmp_path / "other", clips=4, seconds=1.6)
    with pytest.raises(BadInput, match="no clip has a label in"):
        _set(Corpus.open(tmp_path / "other"), tmp_path / "sets", [oracle])
