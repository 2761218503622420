"""A corpus is the same however often its building was cut short."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from facelite.errors import BadInput, MissingDependency
from facelite.speech.build import build
from facelite.speech.corpus import Corpus
from facelite.speech.phones import TimedPhone
from facelite.speech.recording import Dropped, Recording
from facelite.speech.sources import catalogue

BUILD = [sys.executable, "-c", "import sys; from facelite.cli import main; sys.exit(main())", "corpus", "build"]


class Tones:
    """A source without a program: one second of tone each, every seventh dropped."""

    name = "tones"
    settings = {"version": 1}  # noqa: RUF012

    def __init__(self, count: int | None = None, settings: dict | None = None) -> None:
        self.count = count
        self.settings = settings or self.settings

    def recording(self, index: int) -> Recording | Dropped:
        if index % 7 == 6:
            return Dropped("seventh")
        wave = (0.1 * np.sin(np.arange(16000) * (0.05 + index * 1e-3))).astype(np.float32)
        phones = [TimedPhone(0.0, 0.5, "SIL"), TimedPhone(0.5, 1.0, "P", 0.75)]
        return Recording(
            f"{index:04d}", wave, phones, f"speaker{index % 3}", "en", "tones", "CC0-1.0", "train", "la", {"?": 1}
        )


def contents(folder: Path) -> dict[str, str]:
    """Path -> SHA-256 of every file of the finished corpus; the journal is scaffolding."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and ".journal" not in path.parts]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    summary = build(tmp_path, [Tones(10)])
    corpus = Corpus.open(tmp_path)
    assert [clip.path for clip in corpus] == [f"audio/tones/{i:04d}.flac" for i in range(10) if i != 6]
    assert summary.dropped == {"seventh": 1}
    assert summary.unknown == {"?": 9}
    clip = corpus.clips[3]
    assert np.abs(clip.audio() - Tones().recording(3).audio).max() < 1 / 32768
    assert clip.phones == (TimedPhone(0.0, 0.5, "SIL", None), TimedPhone(0.5, 1.0, "P", 0.75))
    assert clip.sha256 == hashlib.sha256((tmp_path / clip.path).read_bytes()).hexdigest()
    assert (clip.speaker, clip.seconds, clip.split) == ("speaker0", 1.0, "train")


def test_selection(tmp_path: Path) -> None:
    build(tmp_path, [Tones(10)])
    corpus = Corpus.open(tmp_path)
    assert len(corpus.select(split="valid")) == 0
    assert len(corpus.select(split="train", source=("tones", "other"), with_phones=True)) == 9
    assert corpus.select(source="tones").hours == pytest.approx(9 / 3600)
    with pytest.raises(BadInput, match="dev"):
        corpus.select(split="dev")


def test_a_longer_build_continues_a_shorter_one(tmp_path: Path) -> None:
    build(tmp_path / "grown", [Tones()], seconds=5)
    build(tmp_path / "grown", [Tones()], seconds=60)
    build(tmp_path / "at_once", [Tones()], seconds=60)
    assert contents(tmp_path / "grown") == contents(tmp_path / "at_once")
    assert len(Corpus.open(tmp_path / "grown")) == 60


def test_what_a_short_source_cannot_fill_goes_to_the_others(tmp_path: Path) -> None:
    class Short(Tones):
        name = "short"

        def recording(self, index: int) -> Recording | Dropped:
            given = super().recording(index)
            return given if isinstance(given, Dropped) else replace(given, source="short")

    corpus = build(tmp_path, [Tones(), Short(10)], seconds=60).corpus
    assert len(corpus.select(source="short")) == 9
    assert len(corpus.select(source="tones")) == 51


def test_an_interrupted_shard_is_made_again_to_the_same_bytes(tmp_path: Path) -> None:
    class Failing(Tones):
        def recording(self, index: int) -> Recording | Dropped:
            if index == 45:
                raise KeyboardInterrupt
            return super().recording(index)

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "cut", [Failing(80)])
    with pytest.raises(BadInput, match="no finished corpus"):
        Corpus.open(tmp_path / "cut")
    build(tmp_path / "cut", [Tones(80)])
    build(tmp_path / "whole", [Tones(80)])
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_other_settings_in_the_same_folder_are_refused(tmp_path: Path) -> None:
    build(tmp_path, [Tones(3)])
    before = contents(tmp_path)
    with pytest.raises(BadInput, match="other settings for tones"):
        build(tmp_path, [Tones(3, {"version": 2})])
    assert contents(tmp_path) == before


DEADLY = '''
import signal

class Deadly:
    """Ends the process that makes its recordings, as a crash of a synthesiser would."""

    name, count, settings = "deadly", 10, {}

    def recording(self, index):
        signal.raise_signal(signal.SIGKILL)
'''


def test_a_worker_that_was_killed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source stands in a module, for the workers to import."""
    (tmp_path / "deadly.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(tmp_path)
    from deadly import Deadly

    with pytest.raises(BadInput, match=r"a worker: was killed .*--workers"):
        build(tmp_path / "corpus", [Deadly()], workers=2)


def test_two_builds_at_once_in_one_folder_are_refused(tmp_path: Path) -> None:
    class Nested(Tones):
        def recording(self, index: int) -> Recording | Dropped:
            build(tmp_path, [Tones(3)])
            raise AssertionError("the second build ran")

    with pytest.raises(BadInput, match="another process"):
        build(tmp_path, [Nested(3)])


def test_nothing_usable_is_an_error_that_names_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingDependency, match="apt-get install -y flite"):
        catalogue.available(["flite"], seed=1)
    with pytest.raises(BadInput, match="festvox-ru"):
        catalogue.available(["flit"], seed=1)


@pytest.mark.program("espeak-ng", "flite")
def test_a_missing_program_skips_its_source_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # flite is a program, espeak-ng is used as a library
    usable, skipped = catalogue.available(["flite", "espeak"], seed=1)
    assert [source.name for source in usable] == ["espeak"]
    assert "apt-get install -y flite" in str(skipped[0])


@pytest.mark.program("espeak-ng", "flite")
def test_builds_are_deterministic_and_survive_kill_9(tmp_path: Path) -> None:
    options = ["--hours", "0.08", "--seed", "3", "--sources", "espeak,flite"]
    subprocess.run([*BUILD, str(tmp_path / "undisturbed"), *options], check=True, capture_output=True)
    kills = 0
    for patience in (0.8, 1.0, 1.3, 60.0):
        process = subprocess.Popen(
            [*BUILD, str(tmp_path / "killed"), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + patience
        begun = len(list((tmp_path / "killed").rglob("*.flac")))
        while process.poll() is None and time.monotonic() < deadline:
            # let each run make something before it dies, however slow the machine
            made = len(list((tmp_path / "killed").rglob("*.flac"))) - begun
            deadline = max(deadline, time.monotonic() + 0.05) if made < 3 else deadline
            time.sleep(0.01)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
    assert process.returncode == 0
    assert kills > 0, "no run was killed: the corpus is too small for this machine"
    undisturbed = contents(tmp_path / "undisturbed")
    assert contents(tmp_path / "killed") == undisturbed
    assert "manifest.parquet" in undisturbed
    assert "phones.parquet" in undisturbed
