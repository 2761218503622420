"""Making recordings: asks a source for them, in this process or in several, and writes their audio."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Any

from .. import workers as processes
from ..errors import BadInput, FaceliteError
from . import audio
from .journal import Shard
from .recording import Dropped, Recording, Source

SHARD = 32
"""Recordings between two entries in the journal for each worker: what a kill costs at most."""


class Makers:
    """Makes recordings of one source in order of their numbers; a context manager.

    Parameters
    ----------
    root
        The corpus folder.
    workers
        Processes; 1 works in this one.
    strict
        Raise for a file that cannot be read.
    """

    def __init__(self, root: Path, source: Source, workers: int, strict: bool) -> None:
        self._root, self._source, self._workers, self._strict = root, source, workers, strict
        self._pool: ProcessPoolExecutor | None = None
        self.shard = SHARD * workers

    def __enter__(self) -> Makers:
        if self._workers > 1:
            self._pool = processes.pool(self._workers, _start_worker, self._root, self._source)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def make(self, first: int, end: int) -> Iterator[Shard]:
        """Recordings `first` to `end` - 1, a shard of one each.

        Raises
        ------
        FaceliteError
            Strict, and a file cannot be read.
        BadInput
            A worker died: it was killed, or a synthesiser crashed.
        """
        for shard in self._made(first, end):
            if self._strict and shard.faults:
                raise FaceliteError(shard.faults[0])
            yield shard

    def _made(self, first: int, end: int) -> Iterator[Shard]:
        if self._pool is None:
            yield from (_make(self._root, self._source, index) for index in range(first, end))
            return
        try:
            yield from self._pool.map(_make_here, range(first, end), chunksize=2)
        except BrokenProcessPool:
            problem = "was killed or crashed, perhaps for want of memory"
            raise BadInput("a worker", problem, "run again with fewer --workers") from None


def discard(root: Path, made: Shard) -> None:
    """Remove the audio of recordings that are not wanted after all."""
    for clip in made.clips:
        (root / clip["path"]).unlink(missing_ok=True)


_here: dict[str, Any] = {}
"""What a worker process works on."""


def _start_worker(root: Path, source: Source) -> None:
    _here.update(root=root, source=source)


def _make_here(index: int) -> Shard:
    return _make(_here["root"], _here["source"], index)


def _make(root: Path, source: Source, index: int) -> Shard:
    shard = Shard(index, index + 1)
    try:
        given = source.recording(index)
    except BadInput as fault:
        shard.faults.append(str(fault))
        return shard
    if isinstance(given, Dropped):
        shard.dropped[given.reason] += 1
        return shard
    for recording in [given] if isinstance(given, Recording) else given:
        shard.clips.append(_write(root, recording))
        shard.unknown.update(recording.unknown)
        if recording.unlabelled:
            shard.unlabelled[recording.unlabelled] += 1
    return shard


def _write(root: Path, recording: Recording) -> dict[str, Any]:
    """Write the audio; the manifest's row, with its phones."""
    path = f"audio/{recording.source}/{recording.name}.flac"
    audio.write(root / path, recording.audio)
    return {
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


def _time(seconds: float | None) -> float | None:
    return None if seconds is None else round(float(seconds), 5)
