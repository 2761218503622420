"""A corpus on disk: audio as 16 kHz FLAC, one manifest, phone timings; read through `Corpus` and `Clip`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..errors import BadInput
from . import audio
from .phones import TimedPhone
from .splits import SPLITS

MANIFEST = "manifest.parquet"
PHONES = "phones.parquet"

MANIFEST_SCHEMA = pa.schema(
    [
        ("path", pa.string()),  # of the FLAC file, relative to the corpus, with forward slashes
        ("speaker", pa.string()),
        ("language", pa.string()),  # ISO 639, "" for noise
        ("source", pa.string()),
        ("licence", pa.string()),
        ("split", pa.string()),
        ("seconds", pa.float64()),
        ("text", pa.string()),
        ("sha256", pa.string()),  # of the FLAC file
    ]
)
PHONES_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("start", pa.float64()),  # seconds
        ("end", pa.float64()),
        ("phone", pa.string()),
        ("release", pa.float64()),  # seconds; null where the source does not tell closure from burst
    ]
)


@dataclass(frozen=True)
class Clip:
    """One recording of a corpus.

    Attributes
    ----------
    path
        Relative to the corpus folder, with forward slashes; unique in it.
    seconds
        Length of the audio.
    phones
        In order of time; empty where the corpus has no timings for the clip.
    root
        The corpus folder.

    The other attributes are the manifest's columns.
    """

    path: str
    speaker: str
    language: str
    source: str
    licence: str
    split: str
    seconds: float
    text: str
    sha256: str
    phones: tuple[TimedPhone, ...]
    root: Path

    def audio(self) -> NDArray[np.float32]:
        """float32 [samples] at 16 kHz, -1..1."""
        return audio.read(self.root / self.path)


@dataclass(frozen=True)
class Corpus:
    """A finished corpus, or a selection of its clips. Iterates `Clip`s in order of path.

    Examples
    --------
    >>> for clip in Corpus.open("corpus").select(split="train"):  # doctest: +SKIP
    ...     samples, phones = clip.audio(), clip.phones
    """

    root: Path
    clips: tuple[Clip, ...]

    @classmethod
    def open(cls, root: str | Path) -> Corpus:
        """Read the manifest and the phones of the corpus in folder `root`.

        Raises
        ------
        BadInput
            The folder holds no finished corpus, or its tables lack a column.
        """
        root = Path(root)
        manifest = _table(root / MANIFEST, MANIFEST_SCHEMA)
        phones = _phones_by_path(_table(root / PHONES, PHONES_SCHEMA))
        rows = manifest.to_pylist()
        return cls(root, tuple(Clip(**row, phones=phones.get(row["path"], ()), root=root) for row in rows))

    def select(
        self,
        split: str | None = None,
        source: str | Iterable[str] | None = None,
        language: str | None = None,
        with_phones: bool | None = None,
    ) -> Corpus:
        """The clips that meet every condition given; `source` may be one name or several.

        Raises
        ------
        BadInput
            `split` is not one of train, valid, test.
        """
        if split is not None and split not in SPLITS:
            raise BadInput("split", f"{split!r} is unknown", f"use one of {', '.join(SPLITS)}")
        sources = None if source is None else {source} if isinstance(source, str) else set(source)
        kept = (
            clip
            for clip in self.clips
            if (split is None or clip.split == split)
            and (sources is None or clip.source in sources)
            and (language is None or clip.language == language)
            and (with_phones is None or bool(clip.phones) == with_phones)
        )
        return Corpus(self.root, tuple(kept))

    @property
    def hours(self) -> float:
        """Length of all clips together."""
        return sum(clip.seconds for clip in self.clips) / 3600

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips)

    def __len__(self) -> int:
        return len(self.clips)


def _table(path: Path, schema: pa.Schema) -> pa.Table:
    if not path.exists():
        raise BadInput(path.parent, f"holds no finished corpus ({path.name} is missing)", "run: facelite corpus build")
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(path, f"is not readable Parquet ({error})", "build the corpus again") from error
    if missing := [name for name in schema.names if name not in table.column_names]:
        raise BadInput(path, f"lacks the columns {', '.join(missing)}", "build the corpus again")
    try:
        return table.select(schema.names).cast(schema)
    except pa.ArrowException as error:
        raise BadInput(path, f"holds a column of another type ({error})", "build the corpus again") from error


def _phones_by_path(table: pa.Table) -> dict[str, tuple[TimedPhone, ...]]:
    grouped: dict[str, list[TimedPhone]] = {}
    columns = (table.column(name).to_pylist() for name in ("path", "start", "end", "phone", "release"))
    for path, start, end, phone, release in zip(*columns, strict=True):
        grouped.setdefault(path, []).append(TimedPhone(start, end, phone, release))
    return {path: tuple(phones) for path, phones in grouped.items()}
