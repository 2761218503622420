"""What a measurement says about a target's limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import isa
from ..schema import Profile


def complaints(report: Mapping[str, Any], target: Profile) -> list[str]:
    """One line for everything that is broken: bits, tier, stack, and, where times mean something, hop and characters.

    A hop's limit is held against the 99th percentile at the real pace, or else with warm caches; that of a crowd
    against its median, scaled to the limit's number of characters.
    """
    if not report["bits"]["holds"]:
        return [f"the device's bits differ: {report['bits']['differs']}"]
    memory, found = report["memory"], _isa(report, target)
    if memory["stack_used_bytes"] > memory["stack_bound_bytes"]:
        found.append(f"{memory['stack_used_bytes']} B of stack were used, {memory['stack_bound_bytes']} B are promised")
    if not report["emulated"]:
        found += _hop(report, target) + _characters(report, target)
    return found


def _isa(report: Mapping[str, Any], target: Profile) -> list[str]:
    least = target.limits.isa
    if least is None or isa.rank(target.arch, report["isa"]) >= isa.rank(target.arch, least.value):
        return []
    return [f"{target.name}: the device runs {report['isa']}, at least {least.value} is required"]


def _hop(report: Mapping[str, Any], target: Profile) -> list[str]:
    times, limit = report["times"].get("paced") or report["times"].get("warm"), target.limits.hop
    if limit is None or times is None or times["p99"] <= limit.base * 1e6:
        return []
    return [f"{target.name}: a hop takes {times['p99'] / 1000:.1f} us (p99), limit {limit.base * 1000:g} us"]


def _characters(report: Mapping[str, Any], target: Profile) -> list[str]:
    crowd, limit = report["times"].get("crowd"), target.limits.characters
    if limit is None or crowd is None:
        return []
    share = 100 * crowd["p50"] * limit.count / report["characters"] / (1000 * report["hop_us"])
    if share <= limit.base:
        return []
    return [f"{target.name}: {limit.count} characters take {share:.1f} % of a core, limit {limit.base:g} %"]
