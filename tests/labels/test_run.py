"""A store is the same to the byte however it was made, and only what changed is made again."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from facelite.errors import BadInput
from facelite.labels.run import Options, Summary, label
from facelite.labels.store import LabelStore
from facelite.locks import locked
from facelite.speech import audio
from facelite.speech.corpus import Corpus
from facelite.teachers.oracle import OracleTeacher

FEW = Options(shard_clips=4, workers=1)
LABELLED = 22


@pytest.fixture(scope="module")
def labels(corpus, tmp_path_factory) -> Path:
    """The corpus labelled by the oracle. Do not write into it."""
    folder = tmp_path_factory.mktemp("labels") / "store"
    label([Corpus.open(corpus)], "oracle", folder, FEW)
    return folder


@pytest.fixture
def copy(labels, tmp_path) -> Path:
    return shutil.copytree(labels, tmp_path / "copy")


def _label(corpus: Path, folder: Path, **changes: object) -> Summary:
    return label([Corpus.open(corpus)], "oracle", folder, replace(FEW, **changes))


def test_every_row_holds_what_the_teacher_says(corpus, labels):
    """Read with PyArrow alone, by what docs/labels.md says of the columns."""
    rows = {row["path"]: row for path in labels.glob("*.parquet") for row in pq.read_table(path).to_pylist()}
    clips = [clip for clip in Corpus.open(corpus) if clip.phones]
    assert sorted(rows) == [clip.path for clip in clips]
    assert len(clips) == LABELLED
    for clip in clips:
        row, expected = rows[clip.path], OracleTeacher().animate(clip.audio(), 16000, clip.phones)
        assert row["frames"] == -(-len(clip.audio()) // 256)
        curves = np.frombuffer(row["curves"], "<f2").reshape(52, row["frames"]).T
        assert np.array_equal(curves, expected.values.astype(np.float16))
        assert [row[name] for name in ("source", "speaker", "language", "split")] == [
            clip.source,
            clip.speaker,
            clip.language,
            clip.split,
        ]
        assert row["sha256"] == hashlib.sha256((corpus / clip.path).read_bytes()).hexdigest()
        assert row["teacher"] == OracleTeacher().fingerprint()
        assert row["active"] == (np.abs(expected.values) > 0.01).any(1).sum()
        assert row["level"] == pytest.approx(10 * np.log10(np.mean(clip.audio().astype(float) ** 2)), abs=0.01)


def test_the_manifest_names_every_shard_with_its_hash(labels):
    manifest = json.loads((labels / "manifest.json").read_text("utf-8"))
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in labels.glob("*.parquet")}
    assert {shard["file"]: shard["sha256"] for shard in manifest["shards"]} == hashes
    assert (manifest["clips"], manifest["failed"], manifest["hop"]) == (LABELLED, 0, 256)
    assert tuple(manifest["teacher"]["controls"]) == OracleTeacher.controls


def test_a_second_run_does_nothing(corpus, copy, contents):
    before = {path: path.stat().st_mtime_ns for path in copy.iterdir()}
    summary = _label(corpus, copy)
    assert (summary.labelled, summary.written, summary.clips) == (0, 0, LABELLED)
    assert {path: path.stat().st_mtime_ns for path in copy.iterdir()} == before


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_writes_the_same_bytes(corpus, labels, contents, tmp_path, workers):
    _label(corpus, tmp_path / "store", workers=workers)
    assert contents(tmp_path / "store") == contents(labels)


def test_a_changed_clip_is_the_only_one_labelled_again(corpus, labels, write_corpus, contents, tmp_path):
    changed = shutil.copytree(corpus, tmp_path / "corpus")
    folder = shutil.copytree(labels, tmp_path / "store")
    clip = next(clip for clip in Corpus.open(changed) if clip.phones)
    audio.write(changed / clip.path, clip.audio() * 0.5)
    _restate_hash(changed, clip.path)
    summary = _label(changed, folder)
    assert (summary.labelled, summary.written) == (1, 1)
    _label(changed, tmp_path / "afresh")
    assert contents(folder) == contents(tmp_path / "afresh") != contents(labels)


def test_other_shards_carry_the_labels_over(corpus, copy, contents, tmp_path):
    summary = _label(corpus, copy, shard_clips=8)
    assert (summary.labelled, summary.clips) == (0, LABELLED)
    assert summary.written == summary.shards > 1
    _label(corpus, tmp_path / "afresh", shard_clips=8)
    assert contents(copy) == contents(tmp_path / "afresh")


def test_clips_that_left_the_corpus_leave_the_store(corpus, copy, contents, tmp_path):
    kept = Corpus.open(corpus).select(split="train")
    summary = label([kept], "oracle", copy, FEW)
    assert summary.labelled == 0
    assert summary.clips < LABELLED
    label([kept], "oracle", tmp_path / "afresh", FEW)
    assert contents(copy) == contents(tmp_path / "afresh")


def test_other_phones_or_another_teacher_make_another_label(corpus, labels, monkeypatch):
    from facelite.labels.card import TeacherCard
    from facelite.teachers import oracle

    clip = next(clip for clip in Corpus.open(corpus) if clip.phones)
    card = TeacherCard.of("oracle", OracleTeacher())
    assert card.key(clip) in LabelStore.open(labels).frames()
    assert card.key(replace(clip, phones=clip.phones[:-1])) != card.key(clip)
    assert replace(card, controls=card.controls[1:]).key(clip) != card.key(clip)
    deaf = replace(card, needs_phones=False)
    assert deaf.key(replace(clip, phones=())) == deaf.key(clip)
    monkeypatch.setattr(oracle, "CLOSING", 0.061)
    assert TeacherCard.of("oracle", OracleTeacher()).key(clip) != card.key(clip)


def test_a_damaged_or_missing_shard_is_made_again(corpus, copy, labels, contents):
    damaged, missing, *_ = sorted(copy.glob("*.parquet"))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    missing.unlink()
    with pytest.raises(BadInput, match="is missing"):
        LabelStore.open(copy)
    assert _label(corpus, copy).written == 2
    assert contents(copy) == contents(labels)


def test_clips_without_phones_and_noise_are_counted(corpus, copy):
    summary = _label(corpus, copy)
    assert (summary.without_phones, summary.noise, summary.silent, summary.clipped) == (1, 1, 0, 0)


def test_nothing_to_label_is_refused(corpus, tmp_path):
    noise = Corpus.open(corpus).select(source="noise")
    with pytest.raises(BadInput, match="no speech"):
        label([noise], "oracle", tmp_path, FEW)
    with pytest.raises(BadInput, match="no clip has phone timings"):
        label([Corpus.open(corpus).select(with_phones=False)], "oracle", tmp_path, FEW)


def test_two_runs_at_once_in_one_folder_are_refused(corpus, copy):
    with locked(copy), pytest.raises(BadInput, match="another process"):
        _label(corpus, copy)


def test_a_store_answers_with_curves(corpus, labels):
    clip = next(clip for clip in Corpus.open(corpus) if clip.phones)
    store = LabelStore.open(labels)
    curves = store.curves(clip.path)
    assert curves.controls == OracleTeacher.controls
    assert np.allclose(curves.values, OracleTeacher().animate(clip.audio(), 16000, clip.phones).values, atol=1e-3)
    with pytest.raises(BadInput, match="no label for nowhere"):
        store.curves("nowhere")


def test_folders_without_labels_are_refused(tmp_path):
    with pytest.raises(BadInput, match="holds no finished labels"):
        LabelStore.open(tmp_path)
    (tmp_path / "manifest.json").write_text("{}", "utf-8")
    with pytest.raises(BadInput, match="is not a manifest of labels"):
        LabelStore.open(tmp_path)


def _restate_hash(corpus: Path, path: str) -> None:
    from facelite.speech.corpus import MANIFEST, MANIFEST_SCHEMA

    rows = pq.read_table(corpus / MANIFEST).to_pylist()
    for row in rows:
        if row["path"] == path:
            row["sha256"] = hashlib.sha256((corpus / path).read_bytes()).hexdigest()
    import pyarrow as pa

    pq.write_table(pa.Table.from_pylist(rows, MANIFEST_SCHEMA), corpus / MANIFEST)
