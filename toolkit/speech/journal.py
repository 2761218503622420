"""What has been built so far: shards of finished clips that survive a kill at any moment.

Each source of a corpus has a folder of shards, each a JSON file written whole after its clips' audio. A killed
build loses at most the shard it was in, and makes exactly those clips again, with the same names and bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..atomic import write_text
from ..errors import BadInput

FOLDER = ".journal"

COUNTERS = ("dropped", "unknown", "unlabelled")
"""The fields of a shard that count."""


@dataclass
class Shard:
    """Recordings `first` to `next` - 1 of a source.

    `clips` are the manifest's rows, each with its "phones" as [start, end, phone, release]; `dropped`, `unknown`
    and `unlabelled` count reasons and symbols; `faults` are one line for each file that could not be read.
    """

    first: int
    next: int
    clips: list[dict[str, Any]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    unlabelled: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def take(self, other: Shard) -> None:
        """Append all that `other` holds, the recordings right after these."""
        self.clips += other.clips
        self.faults += other.faults
        self.next = other.next
        for name in COUNTERS:
            getattr(self, name).update(getattr(other, name))

    @property
    def seconds(self) -> float:
        """Length of the clips together."""
        return sum(clip["seconds"] for clip in self.clips)


class Journal:
    """The shards of one source in a corpus.

    Parameters
    ----------
    root
        The corpus folder.
    name
        Of the source.
    settings
        What the recordings depend on; kept beside the shards.

    Raises
    ------
    BadInput
        The folder holds shards that were made with other settings.
    """

    def __init__(self, root: Path, name: str, settings: Mapping[str, Any]) -> None:
        self._folder = root / FOLDER / name
        path = self._folder / "settings.json"
        wanted = json.dumps(settings, indent=1, sort_keys=True)
        if path.exists() and path.read_text(encoding="utf-8") != wanted:
            raise BadInput(
                root, f"was begun with other settings for {name} ({path})", "use them again, or another folder"
            )
        write_text(path, wanted)

    def shards(self) -> Iterator[Shard]:
        """The finished shards, in order."""
        return _shards(self._folder)

    def add(self, shard: Shard) -> None:
        """Record `shard` whole; its clips' audio must be on disk."""
        write_text(self._folder / f"{shard.first:08d}.json", json.dumps(vars(shard), ensure_ascii=False))


def sources(root: Path) -> list[str]:
    """Names of the sources that have a journal in the corpus folder `root`."""
    return sorted(path.parent.name for path in (root / FOLDER).glob("*/settings.json"))


def all_shards(root: Path) -> Iterator[Shard]:
    """Every finished shard of every source of the corpus folder `root`."""
    for name in sources(root):
        yield from _shards(root / FOLDER / name)


def _shards(folder: Path) -> Iterator[Shard]:
    for path in sorted(folder.glob("[0-9]*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        record |= {name: Counter(record.get(name, {})) for name in COUNTERS}
        yield Shard(**record)
