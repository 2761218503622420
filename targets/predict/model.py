"""Instructions and cycles of one hop: trips of the kernel's inner loops times what a trip costs on a CPU.

The costs come from tables (kernels/tools/tile_costs.py); the order in which a tier cuts a layer into tiles is that of
kernels/src/x86/tile.h and kernels/src/arm, the shapes in `ROWS` those of each tier's `conv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .work import Operator, Work

BLOCK = 16
"""Output channels in a block of packed weights (FACELITE_BLOCK)."""

ROWS: dict[str, tuple[tuple[int, int], ...]] = {
    "sse41": ((2, 1), (1, 2)),
    "avx2": ((4, 1), (2, 2), (1, 3)),
    "avx512vnni": ((8, 2), (4, 3), (2, 4), (1, 6)),
    "neon": ((1, 0),),
    "neon_dotprod": ((4, 0), (2, 0), (1, 0)),
}
"""Rows of a tile and blocks beside each other, widest first; 0 blocks: one, as narrow as the layer's last."""

ENGINE_INSTRUCTIONS = {"hop": 572.0, "operator": 211.0, "control": 27.7}
"""Everything but operators and encoding: histories copied, frames kept, dispatch. Counted under qemu, Cortex-A57, gcc
12, 11 operators and 27 controls (kernels/tools/count_instructions.py)."""

FLOATING_INSTRUCTIONS = 14.0
"""A value that is requantised in double (kernels/src/floating.c): instructions of its loop, gcc 12."""


@dataclass(frozen=True)
class Cost:
    """Instructions, and cycles if every load hit L1."""

    instructions: float
    cycles: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.instructions + other.instructions, self.cycles + other.cycles)

    def __mul__(self, times: float) -> Cost:
        return Cost(self.instructions * times, self.cycles * times)


def hop_cost(work: Work, table: dict[str, Any]) -> Cost:
    """One hop on the tier and CPU of `table`, int16 samples to floats, with everything in L1."""
    total = _values(table, "encode", work.hop) + _engine(work, table)
    for operator in work.operators:
        total += operator_cost(operator, table)
    return total


def operator_cost(operator: Operator, table: dict[str, Any]) -> Cost:
    """The new frames of one operator. Means and maps have no fast path: an instruction a value and half a cycle."""
    if operator.kind == "conv":
        return _conv(operator, table)
    values = operator.frames * operator.channels
    return _values(table, "add", values) if operator.kind == "add" else Cost(4.0 * values, 2.0 * values)


def _conv(layer: Operator, table: dict[str, Any]) -> Cost:
    total = Cost(0, 0)
    for rows, shape, blocks, times in tiles(layer, table["tier"]):
        total += (_dot(table["dots"][shape], layer.quads) + _finish(layer, table, rows, blocks)) * times
    return total


def tiles(layer: Operator, tier: str) -> Iterator[tuple[int, str, int, int]]:
    """(rows, name in the table, blocks, how many) of a convolution's tiles."""
    if not layer.pair_safe and tier in ("sse41", "avx2"):
        yield 1, "exact", 1, layer.frames * -(-layer.channels // BLOCK)
        return
    left = layer.frames
    for rows, widest in ROWS[tier]:
        times, left = divmod(left, rows)
        if times:
            for shape, blocks, count in _across(layer.channels, rows, widest):
                yield rows, shape, blocks, times * count


def _across(channels: int, rows: int, widest: int) -> Iterator[tuple[str, int, int]]:
    if widest == 0:
        vectors = -(-channels // 4)
        for width, count in ((4, vectors // 4), (vectors % 4, 1)):
            if width and count:
                yield f"{rows}x{width}", 1, count
        return
    left = -(-channels // BLOCK)
    for blocks in dict.fromkeys((widest, 2, 1) if rows == 1 and widest > 2 else (widest, 1)):
        count, left = divmod(left, blocks)
        if count:
            yield f"{rows}x{blocks}", blocks, count


def _dot(dot: dict[str, Any], quads: int) -> Cost:
    """One tile: its loops take as many quads as they can, the widest trip first."""
    total, left = _cost(dot["outside"]), float(quads)
    for loop in sorted(dot["loops"], key=lambda loop: -loop["quads"]):
        trips, left = divmod(left, loop["quads"])
        total += _cost(loop) * trips
    return total


def _finish(layer: Operator, table: dict[str, Any], rows: int, blocks: int) -> Cost:
    if layer.floating:
        return Cost(FLOATING_INSTRUCTIONS, FLOATING_INSTRUCTIONS) * (rows * blocks * min(BLOCK, layer.channels))
    finish = table["finish"]
    return _cost(finish[str(rows)]) * blocks if str(rows) in finish else _cost(finish["1"]) * (rows * blocks)


def _values(table: dict[str, Any], kind: str, values: int) -> Cost:
    loop = table["values"][kind]
    return _cost(loop) * -(-values // loop["values"])


def _engine(work: Work, table: dict[str, Any]) -> Cost:
    each = ENGINE_INSTRUCTIONS
    count = each["hop"] + each["operator"] * len(work.operators) + each["control"] * work.controls
    return Cost(count, count / table["engine_ipc"])


def _cost(entry: dict[str, Any]) -> Cost:
    return Cost(entry["instructions"], entry["cycles"])
