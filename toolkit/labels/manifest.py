"""manifest.json: what a finished store holds. A store without one is not finished."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..atomic import write_text
from ..errors import BadInput
from .card import FORMAT, HOP, SAMPLE_RATE, TeacherCard
from .shards import Facts

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """The teacher that was asked, and the shards with its answers."""

    card: TeacherCard
    shards: tuple[Facts, ...]

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Path and error of every clip that could not be labelled."""
        return [failure for shard in self.shards for failure in shard.failures]


def write(folder: Path, card: TeacherCard, shards: Sequence[Facts]) -> None:
    """Finish the store in `folder`. The file depends on the labels alone, not on when or how they were made."""
    failed = sum(len(shard.failures) for shard in shards)
    record = {
        "format": FORMAT,
        "teacher": asdict(card),
        "sample_rate": SAMPLE_RATE,
        "hop": HOP,
        "clips": sum(shard.clips for shard in shards) - failed,
        "failed": failed,
        "frames": sum(shard.frames for shard in shards),
        "shards": [asdict(shard) for shard in sorted(shards, key=lambda shard: shard.file)],
    }
    write_text(folder / MANIFEST, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def read(folder: Path) -> Manifest | None:
    """The manifest in `folder`; None where there is none.

    Raises
    ------
    BadInput
        It is not one, or another version of facelite wrote it.
    """
    path = folder / MANIFEST
    try:
        record = json.loads(path.read_text("utf-8"))
        if record["format"] != FORMAT:
            raise BadInput(path, f"format {record['format']} is not {FORMAT}", "label into another folder")
        card = TeacherCard(**record["teacher"] | {"controls": tuple(record["teacher"]["controls"])})
        return Manifest(card, tuple(_facts(shard) for shard in record["shards"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(path, f"is not a manifest of labels ({error})", "label into another folder") from None


def _facts(record: dict) -> Facts:
    return Facts(**record | {"failures": tuple((path, error) for path, error in record["failures"])})
