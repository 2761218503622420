"""Importing a folder: licences, doubtful alignments, hand labels, held-out speakers, noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from facelite.errors import BadInput
from facelite.speech import licences, splits
from facelite.speech.build import build
from facelite.speech.corpus import Corpus
from facelite.speech.phones import TimedPhone
from facelite.speech.sources.manifest_folder import ManifestFolder

HELD_OUT = "vctk_p226"

MANIFEST = f"""\
path,source,speaker,language,text,seconds,licence
books/a.wav,books,reader_1,en,pa,0.5,CC-BY-4.0
books/bound.wav,books,reader_2,en,pa,0.5,CC-BY-SA-4.0
books/doubtful.wav,books,reader_3,en,pa,0.5,CC0-1.0
books/guessed.wav,books,reader_4,en,pa,0.5,CC0-1.0
books/held.wav,books,{HELD_OUT},en,pa,0.5,CC0-1.0
books/mute.wav,books,reader_5,en,,0.5,Public domain (LibriVox)
hand/x.wav,hand,hand_1,de,pa,0.5,CC0-1.0
hand/y.wav,hand,hand_2,de,pa,0.5,CC0-1.0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in the importer's layout, half a second of noise a clip."""
    root = tmp_path / "recordings"
    rng = np.random.default_rng(0)
    names = [line.split(",")[0] for line in MANIFEST.splitlines()[1:]] + ["noise/fan.wav"]
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, 0.1 * rng.standard_normal(4000), 8000)
    (root / "align").mkdir()
    (root / "align_manual").mkdir()
    (root / "manifest.csv").write_text(MANIFEST)
    (root / "noise" / "manifest.csv").write_text(
        "path,source,class,seconds,licence\nnoise/fan.wav,fans,fan,0.5,CC-BY-3.0\n"
    )
    aligned = [name for name in names if name.startswith("books") and "mute" not in name]
    rows = "".join(f"{name},0.00,0.20,SIL\n{name},0.20,0.30,P\n{name},0.30,0.51,AA1\n" for name in aligned)
    (root / "align" / "books.csv").write_text("path,start,end,phone\n" + rows)
    (root / "align" / "summary.csv").write_text(
        "path,ok,phones,score,oov,err\nbooks/a.wav,1,3,-20.0,,\nbooks/doubtful.wav,1,3,-60.0,,\n"
        "books/guessed.wav,1,3,-20.0,zork:naive,\nbooks/held.wav,1,3,-20.0,book's:morph,\n"
    )
    (root / "align_manual" / "hand.csv").write_text(
        "path,start,end,phone\nhand/x.wav,0.10,0.20,_p\nhand/x.wav,0.20,0.25,!p\nhand/x.wav,0.25,0.40,a\n"
    )
    return root


@pytest.fixture
def imported(folder: Path, tmp_path: Path) -> Corpus:
    return build(tmp_path / "corpus", [ManifestFolder(folder)]).corpus


def clip(corpus: Corpus, name: str):
    return next(clip for clip in corpus if clip.path == f"audio/{name}.flac")


def test_bound_licences_and_doubtful_alignments_stay_out(folder: Path, tmp_path: Path) -> None:
    summary = build(tmp_path / "corpus", [ManifestFolder(folder)])
    assert {clip.path for clip in summary.corpus} == {
        f"audio/{name}.flac" for name in ("books/a", "books/held", "books/mute", "hand/x", "hand/y", "noise/fan")
    }
    assert summary.dropped == {
        "licence CC-BY-SA-4.0": 1,
        "alignment score below -45": 1,
        "pronunciation guessed from the spelling": 1,
    }


def test_phones_are_translated_and_end_with_the_audio(imported: Corpus) -> None:
    assert clip(imported, "books/a").phones == (
        TimedPhone(0.0, 0.2, "SIL"),
        TimedPhone(0.2, 0.3, "P"),
        TimedPhone(0.3, 0.5, "AA"),
    )
    assert clip(imported, "books/mute").phones == ()
    assert clip(imported, "hand/x").phones == (TimedPhone(0.1, 0.25, "P", 0.2), TimedPhone(0.25, 0.4, "AA"))
    assert len(clip(imported, "books/a").audio()) == 8000


def test_hand_labelled_sources_and_held_out_speakers_are_test_only(imported: Corpus) -> None:
    assert clip(imported, "hand/x").split == "test"
    assert clip(imported, "hand/y").split == "test", "the source is hand-labelled, this clip is not"
    assert clip(imported, "books/held").split == "test"
    assert clip(imported, "books/a").split in ("train", "valid")


def test_noise_has_its_class_and_no_phones(imported: Corpus) -> None:
    fan = clip(imported, "noise/fan")
    assert (fan.source, fan.text, fan.phones, fan.licence) == ("noise", "fan", (), "CC-BY-3.0")


def test_a_remark_of_hand_labels_may_hold_a_comma(folder: Path, tmp_path: Path) -> None:
    table = folder / "align_manual" / "hand.csv"
    table.write_text(table.read_text() + "hand/x.wav,0.40,0.45,+sth,-beh\n")
    phones = clip(build(tmp_path / "corpus", [ManifestFolder(folder)]).corpus, "hand/x").phones
    assert (phones[-1].end, phones[-1].symbol) == (0.45, "AA")


def test_the_user_may_let_other_licences_in(folder: Path, tmp_path: Path) -> None:
    corpus = build(tmp_path / "corpus", [ManifestFolder(folder, ("CC0", "CC-BY-SA-4.0"))]).corpus
    assert {clip.licence for clip in corpus} == {"CC0-1.0", "CC-BY-SA-4.0"}


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("manifest.csv", "licence", "license", "lacks the column licence"),
        ("manifest.csv", "books/a.wav", "../a.wav", "leads out of the folder"),
        ("align/books.csv", "0.20", "soon", r"books\.csv: line 2: end 'soon' is no number"),
        ("align/books.csv", "0.20", "nan", r"books\.csv: line 2: end 'nan' is no number"),
        ("align/books.csv", "0.20,0.30", "0.30,0.20", r"books\.csv: line 3: end 0\.2 comes before start 0\.3"),
        ("align/summary.csv", "-60.0", "low", r"summary\.csv: line 3: score 'low' is no number"),
        ("manifest.csv", "hand_1,de,", "hand_1,de", r"manifest\.csv: line \d+: has not as many cells"),
        (
            "manifest.csv",
            "hand_1,",
            "h\xe4nd,",
            r"manifest\.csv: is not a table in UTF-8",
        ),
    ],
)
def test_a_faulty_folder_is_named(folder: Path, tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    (folder / file).write_text((folder / file).read_text().replace(old, new, 1), "latin-1")
    with pytest.raises(BadInput, match=says):
        build(tmp_path / "corpus", [ManifestFolder(folder)])


def test_two_recordings_that_would_become_one_clip_are_refused(folder: Path) -> None:
    table = folder / "manifest.csv"
    lines = table.read_text().splitlines()
    (folder / "books" / "b b.wav").write_bytes((folder / "books" / "a.wav").read_bytes())
    (folder / "books" / "b_b.wav").write_bytes((folder / "books" / "a.wav").read_bytes())
    (line,) = (line for line in lines if line.startswith("books/a.wav"))
    doubled = [line.replace("books/a.wav", name) for name in ("books/b b.wav", "books/b_b.wav")]
    table.write_text("\n".join([*lines, *doubled]) + "\n")
    with pytest.raises(BadInput, match=r"b_b\.wav: would have the same name as books/b b\.wav"):
        ManifestFolder(folder)


@pytest.mark.parametrize(
    "file", ["align/books.csv", "align/summary.csv", "align_manual/hand.csv", "noise/manifest.csv"]
)
def test_another_table_is_another_source(folder: Path, tmp_path: Path, file: str) -> None:
    build(tmp_path / "corpus", [ManifestFolder(folder)])
    build(tmp_path / "corpus", [ManifestFolder(folder)])
    (folder / file).write_text((folder / file).read_text().replace("0.20", "0.19").replace("-20", "-21") + "\n")
    with pytest.raises(BadInput, match="other settings"):
        build(tmp_path / "corpus", [ManifestFolder(folder)])


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"manifest\.csv: is missing"):
        ManifestFolder(tmp_path)


@pytest.mark.parametrize(
    ("licence", "family", "trainable"),
    [
        ("CC-BY-4.0", "CC-BY", True),
        ("CC BY 4.0", "CC-BY", True),
        ("CC0-1.0", "CC0", True),
        ("Public domain (LibriVox)", "public domain", True),
        ("BSD-like (CMU AN4 licence)", "BSD", True),
        ("Apache-2.0", "Apache", True),
        ("CC-BY-SA-4.0", "CC-BY-SA-4.0", False),
        ("CC-BY-NC-4.0", "CC-BY-NC-4.0", False),
        ("CC BY-ND 3.0", "CC BY-ND 3.0", False),
        ("GPL-2.0", "GPL-2.0", False),
        ("", "", False),
    ],
)
def test_licence_families(licence: str, family: str, trainable: bool) -> None:
    assert licences.family(licence) == family
    assert licences.admitted(licence) == trainable


def test_splits_follow_the_speaker_and_hold_about_a_tenth() -> None:
    chosen = [splits.split_of("books", f"reader_{i}") for i in range(2000)]
    assert chosen == [splits.split_of("books", f"reader_{i}") for i in range(2000)]
    assert 0.07 < chosen.count("valid") / 2000 < 0.13
    assert "test" not in chosen
    assert splits.split_of("books", "books_unknown") == "train"
    assert {splits.split_of(source, HELD_OUT) for source in ("books", "vctk")} == {"test"}
