"""What a hop costs on a target, from the desk: cycles by `model`, time by the profile's clock, and an error band."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .. import isa
from ..schema import Cpu, Profile
from . import tables
from .model import hop_cost
from .work import Work

BANDS = {"high": 0.25, "medium": 0.40, "low": 0.60}
"""Error either way, by how well the scheduling model stands for the CPU: llvm-mca is within 25 % for a CPU that LLVM
describes (host_check.json); the rest is our judgement of stand-ins and of VNNI, where it missed by 32 %."""

BYTES_PER_CYCLE = {"l1d": 32.0, "l2": 16.0, "l3": 8.0, "memory": 4.0}
"""Bytes of weights a cycle from the level that holds them; cautious: AMD's guide 56305 says 32 from Zen 2's L2."""

ENGINE_IPC = {"btver2": 1.0, "cortex-a57": 1.5, "nehalem": 1.5}
"""Instructions a cycle of the code around the operators, assumed; 2 elsewhere."""


@dataclass(frozen=True)
class Prediction:
    """Not a measurement.

    Attributes
    ----------
    us, low_us, high_us
        One hop, and the ends of the error band. Limits are held against `high_us`.
    instructions, cycles
        A hop.
    bound
        "compute", or the level of memory whose bandwidth decides.
    tier, scheduling, band, clock_ghz
        What was predicted with.
    """

    us: float
    low_us: float
    high_us: float
    instructions: float
    cycles: float
    bound: str
    tier: str
    scheduling: str
    band: float
    clock_ghz: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def predict(work: Work, profile: Profile) -> Prediction | None:
    """The cost of a hop on `profile`'s CPU; None when its clock or scheduling is not public or has no table."""
    cpu, tier = profile.cpu, isa.best_built(profile.arch, profile.cpu.isa.value)
    if cpu.clock is None or cpu.scheduling is None or not tables.has_table(tier, cpu.scheduling.value):
        return None
    cost = hop_cost(work, table(tier, cpu.scheduling.value))
    level = _level(work.weight_bytes, cpu)
    streamed = work.weight_bytes / BYTES_PER_CYCLE[level]
    cycles = max(cost.cycles, streamed)
    us = cycles / cpu.clock.base / 1000
    band = BANDS[cpu.scheduling.confidence]
    return Prediction(
        us=us,
        low_us=us * (1 - band),
        high_us=us * (1 + band),
        instructions=cost.instructions,
        cycles=cycles,
        bound="compute" if cost.cycles >= streamed else level,
        tier=tier,
        scheduling=cpu.scheduling.value,
        band=band,
        clock_ghz=cpu.clock.base,
    )


@cache
def table(tier: str, scheduling: str) -> dict[str, Any]:
    """Costs of a tier's loops on a CPU. What a tier does not overlay comes from the tier below it."""
    found = tables.read(tier, scheduling)
    found["engine_ipc"] = ENGINE_IPC.get(scheduling, 2.0)
    if not found["values"]:
        below = {"neon_dotprod": "neon", "avx512vnni": "avx2"}[tier]
        nearest = {"neon": "cortex-a57", "avx2": "haswell"}[below]
        cpu = scheduling if tables.has_table(below, scheduling) else nearest
        found["values"] = tables.read(below, cpu)["values"]
    return found


@cache
def host_check() -> dict[str, Any]:
    """How far the model was from measurement and from exact counts, to be told beside every prediction."""
    return json.loads((Path(__file__).parent / "host_check.json").read_text(encoding="utf-8"))


def host_errors() -> dict[str, dict[str, float]]:
    """predicted / measured - 1 of a hop's time, by host and tier."""
    return {
        host["host"]: {tier: one["predicted_us"] / one["measured_us"] - 1 for tier, one in host["time"].items()}
        for host in host_check()["hosts"]
    }


def _level(weights: float, cpu: Cpu) -> str:
    """The nearest cache of known size that holds all weights."""
    for name in ("l1d", "l2", "l3"):
        size = getattr(cpu, name)
        if size is not None and weights <= size.base:
            return name
    return "memory"
