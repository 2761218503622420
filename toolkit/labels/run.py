"""`facelite label`: plan, see what is done, have the rest done, finish the store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import BadInput
from ..locks import locked
from ..machine import cores
from ..speech.corpus import MANIFEST as CORPUS
from ..speech.corpus import Corpus
from . import cluster, manifest, plan, pool, shards
from .card import TeacherCard
from .plan import Plan, Shard
from .shards import Facts
from .work import Done, Job, Trouble, opened

SHARD_CLIPS, MAX_FAILURES = 256, 100

_SHARD = re.compile(plan.SHARD_NAME)
_HALF_WRITTEN = re.compile(rf"\.({plan.SHARD_NAME.removesuffix('parquet')}|manifest\.).*")
"""Names that `atomic.replacing` gives to shards and manifests."""

Progress = Callable[[int, int, int], object]
"""Called with clips done, clips in all, and clips that failed."""


@dataclass(frozen=True)
class Summary:
    """What a run left in the folder.

    Attributes
    ----------
    clips, frames
        Labels in the store, and their frames.
    labelled
        Clips that the teacher labelled in this run.
    shards, written
        Files of the store, and those that this run wrote.
    failures
        Path and error of each clip without a label, from this run or an earlier one.
    without_phones, noise
        Clips that were not asked for: see `plan.Plan`.
    silent, clipped
        Clips in which nothing moves, and values that were cut off to 0..1.
    """

    card: TeacherCard
    clips: int
    frames: int
    labelled: int
    shards: int
    written: int
    failures: tuple[tuple[str, str], ...]
    without_phones: int
    noise: int
    silent: int
    clipped: int


@dataclass(frozen=True)
class Options:
    """How to label; none of it changes a byte of the labels but `shard_clips`.

    Attributes
    ----------
    shard_clips
        Clips to a file, at most, on average.
    workers
        Processes, or actors on a cluster; None for one a core.
    ray
        Address of a Ray cluster; None for a process pool on this machine.
    max_failures
        Stop when more clips than this have failed.
    retry_failed
        Ask again about clips that failed in an earlier run.
    """

    shard_clips: int = SHARD_CLIPS
    workers: int | None = None
    ray: str | None = None
    max_failures: int = MAX_FAILURES
    retry_failed: bool = False


def label(
    corpora: Sequence[Corpus],
    spec: str,
    folder: str | Path,
    options: Options = Options(),
    progress: Progress = lambda done, total, failed: None,
) -> Summary:
    """Bring the label store in `folder` up to date with `corpora` and the teacher `spec`.

    Shards that are done are kept, labels whose clip and teacher have not changed are carried over, the rest are made.
    The store is the same to the byte as one made afresh, however often the work was stopped.

    Raises
    ------
    BadInput
        The folder is a corpus, the teacher cannot be opened, nothing can be labelled, too many clips failed, the disk
        is full, or another process labels there. Finished shards stay, and the next run goes on from them.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise BadInput(folder, "is not a folder", "name a folder for the labels")
    if (folder / CORPUS).exists():
        raise BadInput(folder, "holds a corpus", "name another folder for the labels")
    card = TeacherCard.of(spec, opened(spec))
    wanted = plan.make(corpora, card, options.shard_clips)
    with locked(folder):
        _sweep(folder)
        before = manifest.read(folder)
        done = _finished(folder, wanted, before, options.retry_failed)
        missing = [shard for shard in wanted.shards if shard.name not in done]
        labelled = _make(
            Job(replace(card, spec=_absolute(spec)), folder.resolve()),
            _with_donors(folder, missing, done),
            done,
            wanted,
            options,
            progress,
        )
        facts = tuple(sorted(done.values(), key=lambda shard: shard.file))
        if missing or before is None or (before.card, before.shards) != (card, facts):
            _refuse_empty(folder, card, facts)
            manifest.write(folder, card, facts)
        _remove_stale(folder, done)
    return _summary(card, facts, wanted, labelled, len(missing))


def _absolute(spec: str) -> str:
    """The teacher's path as a worker needs it, who may stand in another folder."""
    kind, colon, path = spec.partition(":")
    return f"{kind}:{Path(path).resolve()}" if colon else kind


def _sweep(folder: Path) -> None:
    """Remove the half-written files of a run that was killed; the lock says that nobody is writing them now."""
    for path in folder.iterdir():
        if _HALF_WRITTEN.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _shards(folder: Path) -> list[Path]:
    """What the store holds, from any plan; Parquet files of another name are not the store's."""
    return sorted(path for path in folder.glob("*.parquet") if _SHARD.fullmatch(path.name))


def _finished(folder: Path, wanted: Plan, before: manifest.Manifest | None, retry: bool) -> dict[str, Facts]:
    """The planned shards that are there and whole.

    One that is not what the manifest says is removed, lest its labels be carried over.
    """
    promised = {shard.file: shard.sha256 for shard in before.shards} if before else {}
    done: dict[str, Facts] = {}
    for shard in wanted.shards:
        path = folder / shard.name
        if not path.exists():
            continue
        data = path.read_bytes()
        if promised.get(shard.name) not in (None, hashlib.sha256(data).hexdigest()):
            path.unlink()
            continue
        with suppress(BadInput):
            found = shards.facts(shard.name, data)
            if not (retry and found.failures):
                done[shard.name] = found
    return done


def _with_donors(folder: Path, missing: list[Shard], done: dict[str, Facts]) -> list[Shard]:
    """Tell each missing shard which earlier files hold labels of it."""
    if not missing:
        return []
    holder: dict[str, str] = {}
    for path in _shards(folder):
        if path.name not in done:
            with suppress(BadInput):
                holder |= dict.fromkeys(shards.keys(path), path.name)
    return [
        replace(shard, donors=tuple(sorted({holder[item.key] for item in shard.items if item.key in holder})))
        for shard in missing
    ]


def _make(
    job: Job, missing: list[Shard], done: dict[str, Facts], wanted: Plan, options: Options, progress: Progress
) -> int:
    """Have the missing shards made, add them to `done`, and give the number of clips that are newly labelled."""
    labelled = 0
    _report(done, wanted, options, progress)
    with closing(_results(job, missing, options)) as results:
        for result in results:
            if isinstance(result, Trouble):
                raise BadInput(result.what, result.problem, result.mend)
            done[result.facts.file] = result.facts
            labelled += result.labelled
            _report(done, wanted, options, progress)
    for name in done:
        if not (job.folder / name).exists():
            raise BadInput(job.folder / name, "was written out of this machine's sight", "label to a shared folder")
    return labelled


def _results(job: Job, missing: list[Shard], options: Options) -> Generator[Done | Trouble, None, None]:
    if not missing:
        return
    if options.ray is not None:
        yield from cluster.run(job, missing, options.ray, options.workers)
    else:
        yield from pool.run(job, missing, min(options.workers or cores(), len(missing)))


def _report(done: dict[str, Facts], wanted: Plan, options: Options, progress: Progress) -> None:
    failures = [failure for shard in done.values() for failure in shard.failures]
    progress(sum(shard.clips for shard in done.values()), wanted.clips, len(failures))
    if len(failures) > options.max_failures:
        path, error = min(failures)
        raise BadInput(
            f"{len(failures)} clips",
            f"could not be labelled, more than --max-failures {options.max_failures}; the first, {path}: {error}",
            "mend them and use --retry-failed, or allow more",
        )


def _refuse_empty(folder: Path, card: TeacherCard, facts: Sequence[Facts]) -> None:
    if not any(shard.frames for shard in facts):
        path, error = min(failure for shard in facts for failure in shard.failures)
        raise BadInput(
            folder, f"{card.spec} could label no clip; the first, {path}: {error}", "mend it, --retry-failed"
        )


def _remove_stale(folder: Path, done: dict[str, Facts]) -> None:
    """Remove shards of other plans, now that the manifest does not name them, and what a dying worker left."""
    _sweep(folder)
    for path in _shards(folder):
        if path.name not in done:
            path.unlink(missing_ok=True)


def _summary(card: TeacherCard, facts: Sequence[Facts], wanted: Plan, labelled: int, written: int) -> Summary:
    failures = tuple(sorted(failure for shard in facts for failure in shard.failures))
    return Summary(
        card=card,
        clips=sum(shard.clips for shard in facts) - len(failures),
        frames=sum(shard.frames for shard in facts),
        labelled=labelled,
        shards=len(facts),
        written=written,
        failures=failures,
        without_phones=wanted.without_phones,
        noise=wanted.noise,
        silent=sum(shard.silent for shard in facts),
        clipped=sum(shard.clipped for shard in facts),
    )
