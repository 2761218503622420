"""A folder of recordings with manifest.csv and, where there are any, forced or manual phone alignments.

Layout, all CSV files with a header line:

- manifest.csv: path, source, speaker, language, text, seconds, licence
- align/<source>.csv: path, start, end, phone (seconds, ARPAbet); align/summary.csv: path, score, oov
- align_manual/<source>.csv: path, start, end, phone in the source's own alphabet (EmoDB's is known, whose remarks
  hold commas without quotes)
- noise/manifest.csv: path, source, class, seconds, licence
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ...teachers.protocol import Phone
from .. import alphabets, audio, emodb, licences, tables
from ..align import MIN_SCORE
from ..phones import TimedPhone
from ..recording import Dropped, Recording
from ..splits import RULE, split_of
from .transcribed import refuse_doubles, safe_name

NOISE = "noise"


@dataclass(frozen=True)
class Row:
    """One line of the manifest; `manual` says that its phones were labelled by hand."""

    path: str
    source: str
    speaker: str
    language: str
    text: str
    licence: str
    manual: bool = False


class ManifestFolder:
    """The recordings listed in a folder's manifest.

    Parameters
    ----------
    folder
        As laid out above.
    families
        Licences admitted, see `licences.admitted`; clips under others are dropped and counted.

    Raises
    ------
    BadInput
        There is no manifest, a table cannot be read, a path leads out of the folder, or two recordings of one source
        would have the same name.
    """

    def __init__(self, folder: str | Path, families: Sequence[str] = licences.TRAINABLE) -> None:
        self._folder = Path(folder)
        self._families = tuple(families)
        self._alphabet = alphabets.arpabet()
        manual = _alignments(self._folder / "align_manual")
        self._rows = sorted(_manifest(self._folder, manual) + _noise(self._folder), key=lambda row: row.path)
        refuse_doubles(self._folder, [(f"{row.source}/{_name(row)}", row.path) for row in self._rows])
        self._phones = _alignments(self._folder / "align") | manual
        self._test_sources = {row.source for row in self._rows if row.manual}
        self._doubtful = _doubtful(self._folder / "align" / "summary.csv")
        self.name = f"import-{self._folder.resolve().name}"
        self.count = len(self._rows)
        self.settings: Mapping[str, Any] = {
            "licences": sorted(self._families),
            "splits": RULE,
            "tables": _digests(self._folder),
        }

    def recording(self, index: int) -> Recording | Dropped:
        """Clip number `index` of the manifest sorted by path."""
        row = self._rows[index]
        if not licences.admitted(row.licence, self._families):
            return Dropped(f"licence {row.licence}")
        if row.path in self._doubtful:
            return Dropped(self._doubtful[row.path])
        samples = audio.read(self._folder / row.path)
        phones, unknown = self._labels(row, len(samples) / audio.SAMPLE_RATE)
        return Recording(
            name=_name(row),
            audio=samples,
            phones=phones,
            speaker=row.speaker,
            language=row.language,
            source=row.source,
            licence=row.licence,
            split="test" if row.source in self._test_sources else split_of(row.source, row.speaker),
            text=row.text,
            unknown=unknown,
        )

    def _labels(self, row: Row, seconds: float) -> tuple[list[TimedPhone], dict[str, int]]:
        labels = [Phone(p.start, min(p.end, seconds), p.symbol) for p in self._phones.get(row.path, ())]
        alphabet = emodb.alphabet() if row.manual else self._alphabet
        phones = alphabet.translate(emodb.join_closures(labels) if row.manual else labels)
        unknown = dict(alphabet.unknown)
        alphabet.unknown.clear()
        return phones, unknown


def _name(row: Row) -> str:
    """The path without its suffix and without the source's own folder; unsafe characters become '_'."""
    parts = PurePosixPath(row.path).with_suffix("").parts
    parts = parts[1:] if len(parts) > 1 and parts[0] in (row.source, NOISE) else parts
    return "/".join(map(safe_name, parts))


def _manifest(folder: Path, manual: Mapping[str, object]) -> list[Row]:
    path = folder / "manifest.csv"
    columns = ("path", "source", "speaker", "language", "text", "licence")
    return [Row(**line.cells, manual=line["path"] in manual) for line in _lines(path, columns)]


def _noise(folder: Path) -> list[Row]:
    """Noise clips; the class of sound stands in the column `text`, the recording's origin in `speaker`."""
    path = folder / "noise" / "manifest.csv"
    if not path.exists():
        return []
    rows = []
    for line in _lines(path, ("path", "source", "class", "licence")):
        origin = f"{line['source']}_{PurePosixPath(line['path']).stem}"
        rows.append(Row(line["path"], NOISE, origin, "", line["class"], line["licence"]))
    return rows


def _alignments(folder: Path) -> dict[str, list[Phone]]:
    phones: dict[str, list[Phone]] = {}
    for path in sorted(folder.glob("*.csv")):
        if path.name == "summary.csv":
            continue
        for line in _lines(path, ("path", "start", "end", "phone"), remainder="phone"):
            phones.setdefault(line["path"], []).append(Phone(*line.span(), line["phone"]))
    return phones


def _doubtful(path: Path) -> dict[str, str]:
    """Clips whose alignment is not to be believed, with the reason."""
    if not path.exists():
        return {}
    doubtful: dict[str, str] = {}
    for line in _lines(path, ("path", "score", "oov")):
        if ":naive" in line["oov"]:
            doubtful[line["path"]] = "pronunciation guessed from the spelling"
        elif not line["score"] or line.value("score") < MIN_SCORE:
            doubtful[line["path"]] = f"alignment score below {MIN_SCORE:g}"
    return doubtful


def _lines(path: Path, columns: Sequence[str], remainder: str = "") -> Iterator[tables.Line]:
    for line in tables.read(path, columns, remainder):
        inside = PurePosixPath(line["path"])
        if ".." in inside.parts or inside.is_absolute():
            raise line.fault(f"the path {line['path']!r} leads out of the folder", "use relative paths")
        yield line


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every table: each decides what a number stands for, or what is said in it."""
    patterns = ("manifest.csv", "noise/manifest.csv", "align/*.csv", "align_manual/*.csv")
    paths = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
