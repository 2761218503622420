"""Which costs of inner loops there are: targets/predict/costs holds one table a tier and CPU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .. import isa

COSTS = Path(__file__).parent / "costs"


def has_table(tier: str, cpu: str) -> bool:
    """Whether there are costs of that tier on that CPU, named as LLVM names it."""
    return _path(tier, cpu).is_file()


def read(tier: str, cpu: str) -> dict[str, Any]:
    """The table of a tier on a CPU."""
    return json.loads(_path(tier, cpu).read_text(encoding="utf-8"))


def cpus(arch: str) -> tuple[str, ...]:
    """CPUs that any tier of an architecture has a table of."""
    found = {path.stem.removeprefix(f"{tier}-") for tier in isa.TIERS[arch] for path in COSTS.glob(f"{tier}-*.json")}
    return tuple(sorted(found))


def _path(tier: str, cpu: str) -> Path:
    return COSTS / f"{tier}-{cpu}.json"
