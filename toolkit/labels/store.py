"""Reading what `run.label` wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..curves import Curves
from ..errors import BadInput
from . import manifest, shards
from .card import TeacherCard
from .manifest import Manifest


@dataclass(frozen=True)
class LabelStore:
    """A finished folder of labels.

    Examples
    --------
    >>> store = LabelStore.open("labels")  # doctest: +SKIP
    >>> curves = store.curves("audio/flite/000001.flac")  # doctest: +SKIP
    """

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: str | Path) -> LabelStore:
        """Open the store in `folder`.

        Raises
        ------
        BadInput
            It holds no finished labels, or a shard is missing.
        """
        folder = Path(folder)
        found = manifest.read(folder)
        if found is None:
            raise BadInput(folder, "holds no finished labels", f"run: facelite label CORPUS -o {folder}")
        for shard in found.shards:
            if not (folder / shard.file).exists():
                raise BadInput(folder / shard.file, "is missing", "run the same facelite label again")
        return cls(folder, found)

    @property
    def card(self) -> TeacherCard:
        """The teacher that was asked."""
        return self.manifest.card

    @property
    def identity(self) -> str:
        """Hexadecimal SHA-256 over the labels."""
        return hashlib.sha256("".join(shard.sha256 for shard in self.manifest.shards).encode()).hexdigest()

    def frames(self) -> dict[str, int]:
        """Key -> frames of every label."""
        return {
            row["key"]: row["frames"]
            for shard in self.manifest.shards
            for row in shards.rows(self.folder / shard.file, ["key", "frames", "error"])
            if not row["error"]
        }

    def labels(self, wanted: Collection[str]) -> Iterator[tuple[str, NDArray[np.float16]]]:
        """Key and curves, float16 [frames, controls], of the labels in `wanted`, shard after shard."""
        for shard in self.manifest.shards:
            for row in shards.rows(self.folder / shard.file, ["key", "frames", "error", "curves"]):
                if row["key"] in wanted and not row["error"]:
                    yield row["key"], shards.curves_of(row, len(self.card.controls))

    def curves(self, path: str) -> Curves:
        """The label of the clip at `path` of its corpus.

        Raises
        ------
        BadInput
            There is none, it failed, or clips of two corpora have this path.
        """
        every = (row for shard in self.manifest.shards for row in shards.rows(self.folder / shard.file))
        found = [row for row in every if row["path"] == path]
        if len(found) > 1:
            raise BadInput(self.folder, f"holds {len(found)} clips called {path}", "ask labels() for the clip's key")
        if not found or found[0]["error"]:
            raise BadInput(self.folder, f"holds no label for {path}", "label its corpus")
        values = shards.curves_of(found[0], len(self.card.controls)).astype(np.float32)
        return Curves(values, self.card.controls)
