"""Clips that fail are named and counted, a run that cannot go on keeps what it has, and mending is enough."""

from __future__ import annotations

import json
import resource
import shutil
from pathlib import Path

import pytest
from facelite.labels.store import LabelStore

BROKEN = ("audio/made/00003.flac", "audio/made/00011.flac")


@pytest.fixture
def damaged(corpus, tmp_path) -> Path:
    """The corpus with two files that are no audio any more."""
    copy = shutil.copytree(corpus, tmp_path / "damaged")
    for path in BROKEN:
        (copy / path).write_bytes((copy / path).read_bytes()[:1000])
    return copy


@pytest.fixture(scope="module")
def labels(corpus, run, tmp_path_factory) -> Path:
    """The whole corpus labelled. Do not write into it."""
    folder = tmp_path_factory.mktemp("labels") / "store"
    assert run(corpus, folder, "--shard-clips", 4).returncode == 0
    return folder


def test_corrupt_audio_is_skipped_named_and_counted_until_it_is_mended(
    corpus, damaged, labels, run, contents, tmp_path
):
    folder = tmp_path / "store"
    first = run(damaged, folder, "--shard-clips", 4, "--json")
    report = json.loads(first.stdout)
    assert first.returncode == 0
    assert [failure["path"] for failure in report["failures"]] == list(BROKEN)
    assert report["clips"] == report["labelled"] == 20
    assert "20 clips labelled" in first.stderr
    for path in BROKEN:
        assert f"skipped {path}: " in first.stderr
    store = LabelStore.open(folder)
    assert [path for path, _ in sorted(store.manifest.failures)] == list(BROKEN)
    assert len(store.frames()) == 20
    again = run(damaged, folder, "--shard-clips", 4)
    assert "nothing to do" in again.stderr
    assert f"skipped {BROKEN[0]}: " in again.stderr
    for path in BROKEN:
        shutil.copy(corpus / path, damaged / path)
    mended = run(damaged, folder, "--shard-clips", 4, "--retry-failed")
    assert f"{len(BROKEN)} clips labelled" in mended.stderr
    assert contents(folder) == contents(labels)


def test_too_many_failures_stop_the_run_and_lose_nothing(corpus, damaged, labels, run, contents, tmp_path):
    folder = tmp_path / "store"
    stopped = run(damaged, folder, "--shard-clips", 4, "--max-failures", 1)
    assert stopped.returncode == 2
    assert stopped.stderr.splitlines()[-1].startswith("facelite: 2 clips: could not be labelled, more than")
    assert BROKEN[0] in stopped.stderr.splitlines()[-1]
    assert list(folder.glob("*.parquet"))
    assert not (folder / "manifest.json").exists()
    for path in BROKEN:
        shutil.copy(corpus / path, damaged / path)
    assert run(damaged, folder, "--shard-clips", 4, "--retry-failed").returncode == 0
    assert contents(folder) == contents(labels)


def test_a_full_disk_stops_the_run_and_room_is_enough_to_go_on(corpus, labels, run, contents, tmp_path):
    """A process may write no file longer than the smallest shard: the kernel refuses the rest of the others."""
    sizes = sorted(path.stat().st_size for path in labels.glob("*.parquet"))
    limit = (sizes[0] + sizes[-1]) // 2
    folder = tmp_path / "store"
    full = run(
        corpus,
        folder,
        *("--shard-clips", 4, "--workers", 1),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert full.returncode == 2
    assert "make room" in full.stderr.splitlines()[-1]
    assert "Traceback" not in full.stderr
    assert [path.name for path in folder.glob(".*") if path.is_file()] == [".lock"]
    assert run(corpus, folder, "--shard-clips", 4).returncode == 0
    assert contents(folder) == contents(labels)


def test_a_teacher_that_answers_nothing_but_nan_finishes_no_store(corpus, run, listener, tmp_path):
    result = run(corpus, tmp_path / "store", "--teacher", listener(float("nan")))
    assert result.returncode == 2
    assert "could label no clip; the first, audio/made/00000.flac: " in result.stderr.splitlines()[-1]
    assert not (tmp_path / "store" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--teacher", "nobody"), "is no teacher"),
        (("--shard-clips", 0), "--shard-clips"),
        (("--workers", 0), "--workers"),
    ],
)
def test_wrong_use_is_one_line(corpus, run, tmp_path, options, problem):
    result = run(corpus, tmp_path / "store", *options)
    assert result.returncode == 2
    assert problem in result.stderr.splitlines()[-1]
    assert not (tmp_path / "store").exists()


def test_the_corpus_is_no_place_for_labels(corpus, run, tmp_path):
    copy = shutil.copytree(corpus, tmp_path / "corpus")
    before = sorted(copy.iterdir())
    result = run(copy, copy)
    assert (result.returncode, sorted(copy.iterdir())) == (2, before)
    assert "holds a corpus" in result.stderr.splitlines()[-1]


def test_what_is_not_of_the_store_stays(corpus, run, tmp_path):
    (tmp_path / "store").mkdir()
    theirs = [tmp_path / "store" / name for name in ("theirs.parquet", ".theirs.parquet", ".settings.json")]
    for file in theirs:
        file.write_text("theirs")
    assert run(corpus, tmp_path / "store").returncode == 0
    assert all(file.read_text() == "theirs" for file in theirs)


def test_a_file_in_the_stores_place_is_refused(corpus, run, tmp_path):
    (tmp_path / "store").write_text("mine", "utf-8")
    result = run(corpus, tmp_path / "store")
    assert result.returncode == 2
    assert "is not a folder" in result.stderr
