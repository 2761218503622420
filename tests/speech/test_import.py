"""The layouts that `facelite corpus import` knows, each made here from real speech."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from facelite import data
from facelite.errors import BadInput, FaceliteError
from facelite.speech import audio
from facelite.speech.build import FAULTS, build
from facelite.speech.corpus import Corpus
from facelite.speech.sources import layouts
from facelite.speech.splits import split_of

pytest.importorskip("pocketsphinx", reason="pip install facelite[align]")

SPOKEN = [clip for clip in data.clips() if clip.text]


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".journal" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def librispeech(tmp_path: Path) -> Path:
    """Three subsets with a speaker each, one only known from SPEAKERS.TXT."""
    root = tmp_path / "LibriSpeech"
    for number, (folder, speaker) in enumerate((("dev-clean/", "84"), ("test-other/", "367"), ("", "26"))):
        chapter = root / f"{folder}{speaker}" / "121"
        chapter.mkdir(parents=True)
        clip = SPOKEN[number]
        soundfile.write(chapter / f"{speaker}-121-0000.flac", audio.read(clip.path), 16000)
        lines = [f"{speaker}-121-0000 {clip.text.upper()}"]
        if speaker == "84":
            lines.append(f"{speaker}-121-0001 THIS FILE IS MISSING")
        (chapter / f"{speaker}-121.trans.txt").write_text("\n".join(lines) + "\n")
    (root / "SPEAKERS.TXT").write_text("; a comment\n26   | M | dev-other   | 8.05 | Somebody\n")
    return root


@pytest.fixture
def common_voice(tmp_path: Path) -> Path:
    """Four MP3 clips: two speakers of the lists, one that no list names, one file that is no MP3."""
    root = tmp_path / "en"
    (root / "clips").mkdir(parents=True)
    header = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tlocale"
    rows = []
    for number, owner in enumerate(("aa", "bb", "cc", "dd")):
        clip = SPOKEN[number]
        path = root / "clips" / f"common_voice_en_{number}.mp3"
        soundfile.write(path, audio.read(clip.path), 16000, format="MP3", subtype="MPEG_LAYER_III")
        rows.append(f'{owner * 32}\t{path.name}\t"{clip.text}"\t2\t0\t\ten')
    path.write_bytes(b"not an mp3 at all" * 20)
    (root / "validated.tsv").write_text("\n".join([header, *rows]) + "\n")
    (root / "dev.tsv").write_text("\n".join([header, rows[0]]) + "\n")
    (root / "test.tsv").write_text("\n".join([header, rows[1]]) + "\n")
    return root


def test_librispeech(librispeech: Path, tmp_path: Path) -> None:
    summary = build(tmp_path / "corpus", [layouts.open_folder(librispeech)])
    clips = {clip.speaker: clip for clip in summary.corpus}
    assert {name: clip.split for name, clip in clips.items()} == {
        "libri_84": "valid",
        "libri_367": "test",
        "libri_26": "valid",
    }
    assert clips["libri_84"].path == "audio/librispeech/dev-clean/84/121/84-121-0000.flac"
    assert {clip.licence for clip in summary.corpus} == {"CC-BY-4.0"}
    assert all(clip.phones and clip.language == "en" for clip in summary.corpus)
    assert len(summary.faults) == 1
    assert "84-121-0001.flac: does not exist" in summary.faults[0]


def test_common_voice(common_voice: Path, tmp_path: Path) -> None:
    summary = build(tmp_path / "corpus", [layouts.open_folder(common_voice)])
    clips = {clip.speaker: clip for clip in summary.corpus}
    assert clips["cv_" + "a" * 16].split == "valid"
    assert clips["cv_" + "b" * 16].split == "test"
    assert clips["cv_" + "c" * 16].split == split_of("common_voice", "cv_" + "c" * 16)
    assert {clip.licence for clip in summary.corpus} == {"CC0-1.0"}
    for number, clip in enumerate(clips.values()):
        truth = audio.read(SPOKEN[number].path)
        assert len(clip.audio()) == pytest.approx(len(truth), abs=1200)  # MP3 pads to whole frames
        assert {phone.symbol for phone in clip.phones} > {"SIL"}
    assert len(summary.faults) == 1
    assert "common_voice_en_3.mp3" in summary.faults[0]
    assert (tmp_path / "corpus" / FAULTS).read_text().splitlines() == list(summary.faults)


def test_mp3_phones_lie_where_the_original_has_them(common_voice: Path, tmp_path: Path) -> None:
    """An MP3 decoder that forgot the encoder's delay would move everything by 25 to 70 ms."""
    corpus = build(tmp_path / "corpus", [layouts.open_folder(common_voice)]).corpus
    for number, clip in enumerate(corpus):
        truth, heard = audio.read(SPOKEN[number].path), clip.audio()
        size = 1 << (len(truth) + len(heard)).bit_length()
        product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(truth, size))
        lag = int(np.argmax(np.fft.irfft(product, size)))
        assert min(lag, size - lag) <= 80  # 5 ms


def test_folder(tmp_path: Path) -> None:
    root = tmp_path / "takes"
    for name, clip in zip(("anna/one.wav", "anna/two.ogg", "bert/long.flac", "loose.wav"), SPOKEN, strict=False):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        samples = audio.read(clip.path)
        if name == "bert/long.flac":
            samples = np.concatenate([samples, np.zeros(16000, np.float32)] * 12)[: 50 * 16000]
        soundfile.write(root / name, samples, 16000)
    (root / "anna/one.txt").write_text(SPOKEN[0].text)
    (root / "anna/two.txt").write_text("something about a zorkblattquux")
    with pytest.raises(BadInput, match="--licence"):
        layouts.open_folder(root)
    said = layouts.Import(licence="CC0-1.0", language="en")
    summary = build(tmp_path / "corpus", [layouts.open_folder(root, said=said)])
    clips = {clip.path.removeprefix("audio/takes/"): clip for clip in summary.corpus}
    assert list(clips) == [
        "anna/one.flac",
        "anna/two.flac",
        "bert/long_00.flac",
        "bert/long_01.flac",
        "bert/long_02.flac",
        "loose.flac",
    ]
    assert clips["anna/one.flac"].phones
    assert not clips["anna/two.flac"].phones
    assert summary.unlabelled == {"a word that the dictionary does not know": 1, "no transcript": 4}
    assert [clip.speaker for clip in clips.values()] == ["anna", "anna", "bert", "bert", "bert", "takes_unknown"]
    pieces = np.concatenate([clips[f"bert/long_0{i}.flac"].audio() for i in range(3)])
    assert np.abs(pieces - audio.read(root / "bert/long.flac")).max() <= 2 / 32768
    other = layouts.Import(licence="CC0-1.0", language="de", name="german")
    again = build(tmp_path / "other", [layouts.open_folder(root, said=other)])
    assert again.unlabelled["language de: only en is aligned"] == 2
    assert {clip.source for clip in again.corpus} == {"german"}


def test_several_processes_give_the_same_corpus(librispeech: Path, tmp_path: Path) -> None:
    for name, workers in (("one", 1), ("two", 2)):
        build(tmp_path / name, [layouts.open_folder(librispeech)], workers=workers)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_licence_that_binds_stays_out(librispeech: Path, tmp_path: Path) -> None:
    said = layouts.Import(licence="CC-BY-NC-4.0")
    with pytest.raises(BadInput, match=r"no recording came out .* licence CC-BY-NC-4\.0 \(4\)"):
        build(tmp_path / "corpus", [layouts.open_folder(librispeech, said=said)])


def test_corrupt_files_are_named_and_strict_stops(tmp_path: Path) -> None:
    root = tmp_path / "takes"
    root.mkdir()
    samples = audio.read(SPOKEN[0].path)
    for index in range(30):
        soundfile.write(root / f"{index:02d}.wav", samples[:8000], 16000)
    (root / "07.wav").write_bytes((root / "07.wav").read_bytes()[:900])
    (root / "13.wav").write_bytes(b"RIFF nonsense")
    (root / "21.wav").write_bytes(b"")
    said = layouts.Import(licence="CC0-1.0", language="en")
    with pytest.raises(FaceliteError, match=r"07\.wav"):
        build(tmp_path / "strict", [layouts.open_folder(root, said=said)], strict=True)
    command = [sys.executable, "-c", "import sys; from facelite.cli import main; sys.exit(main())", "corpus", "import"]
    options = [str(root), str(tmp_path / "corpus"), "--licence", "CC0-1.0", "--language", "en"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, problem in (("07.wav", "truncated"), ("13.wav", "not readable"), ("21.wav", "empty")):
        assert any(name in line and problem in line for line in done.stderr.splitlines())
    assert len(Corpus.open(tmp_path / "corpus")) == 27
    done = subprocess.run([*command, *options[:1], str(tmp_path / "c"), "--strict", *options[2:]], capture_output=True)
    assert done.returncode == 2


@pytest.mark.parametrize("layout", ["librispeech", "common-voice", "folder", "manifest", "parrot"])
def test_a_folder_of_nothing_is_refused(tmp_path: Path, layout: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput):
        layouts.open_folder(tmp_path / "empty", layout, layouts.Import(licence="CC0-1.0"))
    with pytest.raises(BadInput, match="not a folder"):
        layouts.open_folder(tmp_path / "nowhere")
