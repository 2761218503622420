"""What a worker does: one shard, whole, in a process of its own on any machine that sees the corpus and the store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from facelite.converters.quiet import quiet

from ..atomic import write_bytes
from ..errors import BadInput, FaceliteError
from ..teachers.protocol import Teacher
from ..teachers.registry import open_teacher
from ..workers import ONE_THREAD
from . import shards
from .card import TeacherCard
from .clip import Label, label
from .plan import Shard
from .shards import Facts

THREADS: Mapping[str, str] = {
    **ONE_THREAD,
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
}
"""Environment of every worker. One thread each: the number of threads decides the order of a sum, and with it the last
bits of a neural teacher's answer. For the same reason none may use a graphics card."""


@dataclass(frozen=True)
class Job:
    """What all shards of a run share."""

    card: TeacherCard
    folder: Path


@dataclass(frozen=True)
class Done:
    """A shard that is on disk; `labelled` of its clips are new, the others failed or came from earlier files."""

    facts: Facts
    labelled: int


@dataclass(frozen=True)
class Trouble:
    """Why a worker cannot go on. An error of its own would not survive the way between processes."""

    what: str
    problem: str
    mend: str


def label_shard(job: Job, shard: Shard) -> Done | Trouble:
    """Label the clips of `shard` and write it; the teacher is opened once a process."""
    try:
        teacher = _opened(job.card)
        known = _known(job, shard)
        labels = [known.get(item.key) or label(item.clip, job.card, teacher) for item in shard.items]
        data = shards.encode(shard.items, labels, job.card)
        write_bytes(job.folder / shard.name, data)
    except FaceliteError as error:
        return Trouble(job.card.spec, str(error), "")
    except OSError as error:
        mend = "finished shards are kept; make room and run the same command again"
        return Trouble(str(job.folder), error.strerror or str(error), mend)
    except MemoryError:
        return Trouble(str(job.folder), "out of memory", "use fewer --workers or a smaller --shard-clips")
    fresh = [answer for item, answer in zip(shard.items, labels, strict=True) if item.key not in known]
    return Done(shards.facts(shard.name, data), sum(not answer.error for answer in fresh))


def opened(spec: str) -> Teacher:
    """`open_teacher`, without what TensorFlow prints about itself."""
    with quiet():
        return open_teacher(spec)


@cache
def _opened(card: TeacherCard) -> Teacher:
    """The job's teacher, which must be the very one that the run was planned with."""
    teacher = opened(card.spec)
    if TeacherCard.of(card.spec, teacher) != card:
        raise BadInput(
            f"process {os.getpid()}", "has another version of the teacher", "install the same facelite and weights"
        )
    return teacher


def _known(job: Job, shard: Shard) -> dict[str, Label]:
    """Labels that earlier files of the store hold already."""
    wanted = {item.key for item in shard.items}
    known: dict[str, Label] = {}
    for donor in shard.donors:
        with suppress(BadInput):  # it was readable when the run was planned; its clips are labelled again
            for row in shards.rows(job.folder / donor):
                if row["key"] in wanted and not row["error"]:
                    known[row["key"]] = shards.label_of(row, len(job.card.controls))
    return known
