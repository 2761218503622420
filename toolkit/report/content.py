"""Collects what a report says into plain values: report.json is this, and the page shows nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import facelite
from facelite.targets.device import rows
from facelite.targets.evidence import Certificate
from facelite.targets.latency import latency
from facelite.targets.validate import Verdict

from ..graph import Graph
from ..student import Student, StudentInfo
from .clip import Clip
from .latencies import latencies
from .layers import layer_rows
from .memory import memory_map
from .timing import Timing

FORMAT = 1
"""Version of report.json's layout; it grows when a field changes its meaning or goes."""


def collect(
    student: Student,
    graph: Graph,
    *,
    verdicts: Sequence[Verdict] = (),
    timing: Timing | None = None,
    proof: Mapping[str, Any] | None = None,
    clip: Clip | None = None,
    errors: Mapping[str, Any] | None = None,
    certificate: Certificate | None = None,
    measured: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Everything that a report shows, as JSON can hold it.

    Parameters
    ----------
    student, graph
        The bundle's blob, loaded, and the quantised graph it was made from.
    verdicts
        One for each target that was asked about.
    timing
        Measured on this host.
    proof
        How the runtimes compare: `about`, `holds` and `rows`.
    clip
        The recording that the page plays.
    errors
        `errors.errors_over_time` of it.
    certificate
        The bundle's, if it has one.
    measured
        What `facelite profile` left in the bundle (`targets.device.load`).
    """
    info = student.info
    lateness = latency(info)
    return {
        "format": FORMAT,
        "facelite": facelite.__version__,
        "student": _header(graph, info),
        "latency": {
            "samples": lateness.samples,
            "ms": lateness.ms,
            "future_ms": lateness.future_ms,
            "terms": [{"name": t.name, "samples": t.samples, "ms": t.ms, "why": t.why} for t in lateness.terms],
            "by_rate": latencies(student),
        },
        "memory": {**_memory(info), "map": memory_map(student, graph)},
        "verdicts": [verdict.as_dict() for verdict in verdicts],
        "measured": [_measured(one) for one in measured],
        "timing": timing.as_dict() if timing else None,
        "layers": layer_rows(graph, timing),
        "proof": dict(proof) if proof else None,
        "clip": clip.facts() if clip else None,
        "errors": dict(errors) if errors else None,
        "certificate": asdict(certificate) if certificate else None,
    }


def _measured(one: Mapping[str, Any]) -> dict[str, Any]:
    """A device's times beside what was predicted of it; none under an emulator or where bits differ."""
    own = {key: one[key] for key in ("via", "isa", "emulated")}
    return {"target": one["target"]["name"], "title": one["target"]["title"], **own,
            "bits": bool(one["bits"]["holds"]), "rows": rows(one)}  # fmt: skip


def _header(graph: Graph, info: StudentInfo) -> dict[str, Any]:
    return {
        "name": graph.name,
        "sample_rate": info.sample_rate,
        "window": info.window,
        "lookahead": info.lookahead,
        "hop": info.hop,
        "hop_ms": 1000 * info.hop / info.sample_rate,
        "receptive_field": info.receptive_field,
        "smoothing": info.smoothing,
        "controls": list(graph.controls),
        "parameters": info.parameters,
        "macs_per_hop": info.macs_per_hop,
    }


def _memory(info: StudentInfo) -> dict[str, Any]:
    """What facelite_info says, in the parts that make up one character's memory."""
    parts = [
        ("weights", info.weight_bytes, "int8, read in place from the file"),
        ("rest of the file", info.blob_bytes - info.weight_bytes, "header, biases, requantisation, tables"),
        ("model", info.model_bytes, "once for all characters"),
        ("scratch", info.scratch_bytes, "once a thread"),
        ("state", info.stream_bytes, "once a character"),
        ("stack", info.stack_bytes, "upper bound while a call runs"),
    ]
    return {
        "total": sum(size for _, size, _ in parts),
        "per_character": info.stream_bytes,
        "parts": [{"name": name, "bytes": size, "why": why} for name, size, why in parts],
    }
