"""Building a corpus: takes recordings from sources one after another, resumably, and writes the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..atomic import replacing, write_text
from ..errors import BadInput
from ..locks import locked
from . import journal, making
from .corpus import MANIFEST, MANIFEST_SCHEMA, PHONES, PHONES_SCHEMA, Corpus
from .journal import Journal, Shard
from .making import Makers
from .recording import Source

FAULTS = "unreadable.txt"
"""In the corpus folder: the files that could not be read, a line each."""

Progress = Callable[[str, int, float], None]
"""Called after each recording with the source's name, its recordings so far and their seconds."""


@dataclass(frozen=True)
class Summary:
    """What a build left in the folder, over all its runs.

    Attributes
    ----------
    corpus
        The finished corpus.
    dropped, unknown, unlabelled
        How many recordings were left out for which reason; how often each unknown phone symbol was met; how many
        clips were kept without phones for which reason.
    faults
        One line for each file that could not be read; the file `FAULTS` holds the same.
    """

    corpus: Corpus
    dropped: Counter[str]
    unknown: Counter[str]
    unlabelled: Counter[str] = field(default_factory=Counter)
    faults: tuple[str, ...] = ()


def build(
    root: str | Path,
    sources: Sequence[Source],
    seconds: float | None = None,
    progress: Progress = lambda name, count, seconds: None,
    workers: int = 1,
    strict: bool = False,
) -> Summary:
    """Build or resume the corpus in folder `root`, and finish it.

    Parameters
    ----------
    root
        Made if it does not exist. What is in it from earlier runs stays; clips are neither lost nor doubled.
    sources
        Each is taken from its first recording on, until it has its share or ends.
    seconds
        Of audio in all; None takes all of each source. Required for sources without an end. Sources with an end
        come first; what one cannot fill of its equal share goes to those after it.
    workers
        Processes that make recordings; the corpus is the same with any number.
    strict
        Stop at the first file that cannot be read, instead of naming it and going on.

    Raises
    ------
    BadInput
        The folder was begun with other settings, another process builds there, or nothing came out.
    FaceliteError
        `strict`, and a file cannot be read.
    """
    root = Path(root)
    if root.exists() and not root.is_dir():
        raise BadInput(root, "is not a folder", "name a folder for the corpus")
    with locked(root):
        _sweep(root)
        left = float("inf") if seconds is None else seconds
        for index, source in enumerate(sorted(sources, key=lambda source: source.count is None)):
            with Makers(root, source, workers, strict) as makers:
                left -= _take(root, source, left / (len(sources) - index), makers, progress)
        return _finish(root)


def _sweep(root: Path) -> None:
    """Remove the half-written files of a build that was killed; the lock says that nobody is writing them now."""
    for path in (root / "audio").rglob(".*.flac"):
        path.unlink(missing_ok=True)


def _take(root: Path, source: Source, wanted: float, makers: Makers, progress: Progress) -> float:
    """Take `wanted` seconds from a source, what earlier runs took included; the seconds it has given."""
    log = Journal(root, source.name, source.settings)
    index, seconds = 0, 0.0
    for shard in log.shards():
        index, seconds = shard.next, seconds + shard.seconds
    end = source.count if source.count is not None else float("inf")
    progress(source.name, index, seconds)
    while index < end and seconds < wanted:
        shard = Shard(index, index)
        for made in makers.make(index, int(min(index + makers.shard, end))):
            if seconds + shard.seconds >= wanted:
                making.discard(root, made)
                continue
            shard.take(made)
            progress(source.name, shard.next, seconds + shard.seconds)
        log.add(shard)
        index, seconds = shard.next, seconds + shard.seconds
    return seconds


def _finish(root: Path) -> Summary:
    """Write both tables from the journal; rows are ordered by path, so a resumed build gives the same bytes."""
    total = Shard(0, 0)
    for shard in journal.all_shards(root):
        total.take(shard)
    clips, dropped = total.clips, total.dropped
    if not clips:
        reasons = [f"{reason} ({count})" for reason, count in dropped.most_common(3)] + total.faults[:1]
        raise BadInput(root, f"no recording came out of the sources {', '.join(reasons)}".strip(), "check the sources")
    clips.sort(key=lambda clip: clip["path"])
    _refuse_doubles([clip["path"] for clip in clips])
    phones = [
        {"path": clip["path"], "start": start, "end": end, "phone": phone, "release": release}
        for clip in clips
        for start, end, phone, release in clip.pop("phones")
    ]
    _write(root / PHONES, pa.Table.from_pylist(phones, PHONES_SCHEMA))
    _write(root / MANIFEST, pa.Table.from_pylist(clips, MANIFEST_SCHEMA))
    write_text(root / FAULTS, "".join(f"{line}\n" for line in sorted(total.faults)))
    return Summary(Corpus.open(root), dropped, total.unknown, total.unlabelled, tuple(sorted(total.faults)))


def _refuse_doubles(paths: list[str]) -> None:
    doubled = [path for path, count in Counter(paths).items() if count > 1]
    if doubled:
        raise BadInput(doubled[0], "is given by two sources", "import the second into another folder")


def _write(path: Path, table: pa.Table) -> None:
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
