"""Which clip stands in which shard: a rule of the clip's path alone, so that no run, worker or order changes it."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from ..errors import BadInput
from ..speech.corpus import Clip, Corpus
from .card import NOISE, TeacherCard

_NAMED_BY = 16

SHARD_NAME = rf"\d{{5,}}-of-\d{{5,}}-[0-9a-f]{{{_NAMED_BY}}}\.parquet"
"""Regular expression of `Shard.name`: what a store may hold, and remove."""


@dataclass(frozen=True)
class Item:
    """A clip to label, and the key that its label will carry."""

    clip: Clip
    key: str


@dataclass(frozen=True)
class Shard:
    """Clips whose labels share one file, in the order of its rows.

    Attributes
    ----------
    index, count
        The shard's number and how many the store has; numbers that no clip falls on have no file.
    donors
        Names of earlier files in the store that hold some of these labels already.
    """

    index: int
    count: int
    items: tuple[Item, ...]
    donors: tuple[str, ...] = ()

    @cached_property
    def name(self) -> str:
        """The file's name. It says all that decides the contents, so a file that is there is a shard that is done."""
        rows = [(i.clip.path, i.key, i.clip.source, i.clip.speaker, i.clip.language, i.clip.split) for i in self.items]
        digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        return f"{self.index:05d}-of-{self.count:05d}-{digest[:_NAMED_BY]}.parquet"


@dataclass(frozen=True)
class Plan:
    """All shards of a store.

    Attributes
    ----------
    without_phones, noise
        Clips of the corpora that this teacher cannot label, and clips of noise, which no teacher labels.
    """

    shards: tuple[Shard, ...]
    without_phones: int
    noise: int

    @property
    def clips(self) -> int:
        """Labels that the store will hold."""
        return sum(len(shard.items) for shard in self.shards)


def make(corpora: Iterable[Corpus], card: TeacherCard, shard_clips: int) -> Plan:
    """Deal the clips that the teacher can label into shards.

    There are as many shards as the smallest power of two that brings at most `shard_clips` clips to each on
    average; a clip's shard is the SHA-256 of its path modulo that. A growing corpus thus moves clips between
    shards only when it doubles. A clip that two corpora share is labelled once.

    Raises
    ------
    BadInput
        Nothing can be labelled.
    """
    items: dict[tuple[str, str], Item] = {}
    without_phones = noise = 0
    for corpus in corpora:
        root = corpus.root.resolve()  # a worker may stand in another folder
        for clip in corpus:
            if card.can_label(clip):
                known = replace(hashed(clip), root=root)
                item = Item(known, card.key(known))
                items.setdefault((clip.path, item.key), item)
            elif clip.source == NOISE:
                noise += 1
            else:
                without_phones += 1
    if not items:
        wanted = "no clip has phone timings" if without_phones else "there is no speech in it"
        raise BadInput("corpus", f"{wanted}, so {card.spec} can label nothing", "choose another corpus or teacher")
    return Plan(_deal(items, shard_clips), without_phones, noise)


def _deal(items: dict[tuple[str, str], Item], shard_clips: int) -> tuple[Shard, ...]:
    count = 1
    while count * shard_clips < len(items):
        count *= 2
    dealt: dict[int, list[Item]] = defaultdict(list)
    for (path, _), item in sorted(items.items()):
        dealt[int(hashlib.sha256(path.encode()).hexdigest()[:8], 16) % count].append(item)
    return tuple(Shard(index, count, tuple(dealt[index])) for index in sorted(dealt))


def hashed(clip: Clip) -> Clip:
    """`clip` with the SHA-256 of its file where the corpus does not state it.

    Raises
    ------
    BadInput
        The file cannot be read.
    """
    if clip.sha256:
        return clip
    path = clip.root / clip.path
    try:
        return replace(clip, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    except OSError as error:
        raise BadInput(path, error.strerror or "cannot be read", "build the corpus again") from None
