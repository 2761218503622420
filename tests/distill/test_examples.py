"""One animation, three ways to it: its folder, a corpus cut from its audio, and labels made of that corpus."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from facelite import export
from facelite.curves import Curves
from facelite.distill.examples import of_corpora, of_folder, of_labels
from facelite.errors import BadInput
from facelite.labels.run import Options, label
from facelite.labels.store import LabelStore
from facelite.speech import audio
from facelite.speech.corpus import Clip, Corpus
from facelite.teachers.registry import open_teacher

CUT = 30000


@pytest.fixture(scope="module")
def takes(tmp_path_factory) -> Path:
    """Two takes of 4 s with two signed controls at 25 frames a second."""
    folder = tmp_path_factory.mktemp("takes")
    for index in range(2):
        rng = np.random.default_rng(index)
        audio.write(folder / f"take{index}.flac", rng.standard_normal(64000) * 0.1)
        values = rng.standard_normal((100, 2)).astype(np.float32)
        export.write(folder / f"take{index}.npz", Curves(values, ("brow", "lip"), 25.0))
    return folder


@pytest.fixture(scope="module")
def corpus(takes, tmp_path_factory) -> Corpus:
    """Each take in two pieces; the second take's are held out."""
    root = tmp_path_factory.mktemp("corpus")
    clips = []
    for index, split in ((0, "train"), (1, "test")):
        whole = audio.read(takes / f"take{index}.flac")
        for part, piece in enumerate((whole[:CUT], whole[CUT:])):
            path = f"audio/{index}{part}.flac"
            audio.write(root / path, piece)
            digest = hashlib.sha256((root / path).read_bytes()).hexdigest()
            clips.append(Clip(path, "one", "en", "takes", "CC0-1.0", split, len(piece) / 16000, "", digest, (), root))
    return Corpus(root, tuple(clips))


def test_a_corpus_gets_the_curves_of_the_stretch_that_it_holds(takes, corpus):
    whole = [example.read()[1] for example in of_folder(open_teacher(f"curves:{takes}"))]
    pieces = of_corpora(open_teacher(f"curves:{takes}"), [corpus])
    assert [example.held_out for example in pieces] == [False, False, True, True]
    for index, curves in enumerate(whole):
        first, second = (pieces[2 * index + part].read()[1] for part in (0, 1))
        np.testing.assert_allclose(first, curves[: len(first)], atol=1e-5)
        times = CUT / 16000 + np.arange(len(second)) / 62.5
        expected = [np.interp(times, np.arange(len(curves)) / 62.5, column) for column in curves.T]
        # Interpolated twice: 25 frames a second to the grid, and the grid to a place between its frames.
        assert np.abs(second.T - expected).mean() < 0.05


def test_labels_say_what_the_teacher_says(takes, corpus, tmp_path):
    label([corpus], f"curves:{takes}", tmp_path / "labels", Options(workers=1))
    stored = of_labels(LabelStore.open(tmp_path / "labels"), [corpus])
    asked = of_corpora(open_teacher(f"curves:{takes}"), [corpus])
    assert [example.name for example in stored] == [example.name for example in asked]
    for one, other in zip(stored, asked, strict=True):
        assert one.held_out == other.held_out
        for found, wanted in zip(one.read(), other.read(), strict=True):
            np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_labels_of_another_corpus_are_named(takes, corpus, tmp_path):
    label([corpus], f"curves:{takes}", tmp_path / "labels", Options(workers=1))
    with pytest.raises(BadInput, match="holds no label of these corpora"):
        of_labels(LabelStore.open(tmp_path / "labels"), [Corpus(corpus.root, ())])


class _Broken:
    """A teacher that answers with what a label store would not take."""

    controls = ("brow",)

    def __init__(self, frames: int, value: float) -> None:
        self._frames, self._value = frames, value

    def fingerprint(self) -> str:
        return "0"

    def animate(self, audio, sample_rate, phones=None) -> Curves:
        return Curves(np.full((self._frames, 1), self._value, np.float32), self.controls)


@pytest.mark.parametrize(("frames", "value", "problem"), [(118, np.nan, "not finite"), (40, 0.0, "40 frames")])
def test_an_answer_that_no_label_could_be_is_not_learnt_from(corpus, frames, value, problem):
    first = of_corpora(_Broken(frames, value), [corpus])[0]
    with pytest.raises(BadInput, match=problem) as refusal:
        first.read()
    assert str(refusal.value).startswith(first.name)
