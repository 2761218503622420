"""Building a corpus: takes recordings from sources one after another, resumably, and writes the manifest."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..atomic import replacing
from ..errors import BadInput
from . import audio, journal
from .corpus import MANIFEST, MANIFEST_SCHEMA, PHONES, PHONES_SCHEMA, Corpus
from .journal import Journal, Shard
from .recording import Dropped, Recording, Source

SHARD = 32
"""Clips between two entries in the journal: what a kill costs at most."""

Progress = Callable[[str, int, float], None]
"""Called after each recording with the source's name, its recordings so far and their seconds."""


@dataclass(frozen=True)
class Summary:
    """What a build left in the folder, over all its runs.

    Attributes
    ----------
    corpus
        The finished corpus.
    dropped, unknown
        How many recordings were left out for which reason; how often each unknown phone symbol was met.
    """

    corpus: Corpus
    dropped: Counter[str]
    unknown: Counter[str]


def build(
    root: str | Path,
    sources: Sequence[Source],
    seconds_each: float | None = None,
    progress: Progress = lambda name, count, seconds: None,
) -> Summary:
    """Build or resume the corpus in folder `root`, and finish it.

    Parameters
    ----------
    root
        Made if it does not exist. What is in it from earlier runs stays; clips are neither lost nor doubled.
    sources
        Each is taken from its first recording on, until `seconds_each` is reached or it ends.
    seconds_each
        Seconds of audio per source; None takes all of each. Required for sources without an end.

    Raises
    ------
    BadInput
        The folder was begun with other settings, another process builds there, or nothing came out.
    """
    root = Path(root)
    if root.exists() and not root.is_dir():
        raise BadInput(root, "is not a folder", "name a folder for the corpus")
    with journal.locked(root):
        _sweep(root)
        for source in sources:
            _take(root, source, seconds_each, progress)
        return _finish(root)


def _sweep(root: Path) -> None:
    """Remove the half-written files of a build that was killed; the lock says that nobody is writing them now."""
    for path in (root / "audio").rglob(".*.flac"):
        path.unlink(missing_ok=True)


def _take(root: Path, source: Source, seconds_wanted: float | None, progress: Progress) -> None:
    log = Journal(root, source.name, source.settings)
    index, seconds = 0, 0.0
    for shard in log.shards():
        index, seconds = shard.next, seconds + shard.seconds
    wanted = float("inf") if seconds_wanted is None else seconds_wanted
    end = source.count if source.count is not None else float("inf")
    progress(source.name, index, seconds)
    while index < end and seconds < wanted:
        shard = Shard(index, index)
        while shard.next < min(index + SHARD, end) and seconds + shard.seconds < wanted:
            _add(root, shard, source.recording(shard.next))
            shard.next += 1
            progress(source.name, shard.next, seconds + shard.seconds)
        log.add(shard)
        index, seconds = shard.next, seconds + shard.seconds


def _add(root: Path, shard: Shard, recording: Recording | Dropped) -> None:
    if isinstance(recording, Dropped):
        shard.dropped[recording.reason] += 1
        return
    path = f"audio/{recording.source}/{recording.name}.flac"
    audio.write(root / path, recording.audio)
    shard.unknown.update(recording.unknown)
    shard.clips.append(
        {
            "path": path,
            "speaker": recording.speaker,
            "language": recording.language,
            "source": recording.source,
            "licence": recording.licence,
            "split": recording.split,
            "seconds": len(recording.audio) / audio.SAMPLE_RATE,
            "text": recording.text,
            "sha256": hashlib.sha256((root / path).read_bytes()).hexdigest(),
            "phones": [[_time(p.start), _time(p.end), p.symbol, _time(p.release)] for p in recording.phones],
        }
    )


def _time(seconds: float | None) -> float | None:
    return None if seconds is None else round(float(seconds), 5)


def _finish(root: Path) -> Summary:
    """Write both tables from the journal; rows are ordered by path, so a resumed build gives the same bytes."""
    clips: list[dict[str, Any]] = []
    dropped: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for shard in journal.all_shards(root):
        clips += shard.clips
        dropped += shard.dropped
        unknown += shard.unknown
    if not clips:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in dropped.most_common(3))
        raise BadInput(root, f"no recording came out of the sources {reasons}".strip(), "check the sources")
    clips.sort(key=lambda clip: clip["path"])
    _refuse_doubles([clip["path"] for clip in clips])
    phones = [
        {"path": clip["path"], "start": start, "end": end, "phone": phone, "release": release}
        for clip in clips
        for start, end, phone, release in clip.pop("phones")
    ]
    _write(root / PHONES, pa.Table.from_pylist(phones, PHONES_SCHEMA))
    _write(root / MANIFEST, pa.Table.from_pylist(clips, MANIFEST_SCHEMA))
    return Summary(Corpus.open(root), dropped, unknown)


def _refuse_doubles(paths: list[str]) -> None:
    doubled = [path for path, count in Counter(paths).items() if count > 1]
    if doubled:
        raise BadInput(doubled[0], "is given by two sources", "import the second into another folder")


def _write(path: Path, table: pa.Table) -> None:
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
