"""One row a layer: what it computes, what it costs, how long it takes."""

from __future__ import annotations

from typing import Any

from ..graph import Add, Clamp, Conv, Graph, Map, Mean, Op, op_macs
from .timing import Timing


def layer_rows(graph: Graph, timing: Timing | None = None) -> list[dict[str, Any]]:
    """Rows for report.json and for the page, in the order of `graph.ops`.

    Returns
    -------
    Each row: `name`; `operation` in words; `frames`, new frames a hop; `macs` a hop; `weight_bytes` int8 weights
    without padding; and `us`, median µs a hop, when `timing` is given.
    """
    rows = []
    for index, op in enumerate(graph.ops):
        row: dict[str, Any] = {
            "name": op.name,
            "operation": describe(op, graph),
            "frames": graph.hop // graph.tensors[index + 1].stride,
            "macs": op_macs(graph, index),
            "weight_bytes": int(op.weight.size) if isinstance(op, Conv) else 0,
        }
        if timing is not None:
            row["us"] = round(float(timing.layer_us[index]), 3)
        rows.append(row)
    return rows


def describe(op: Op, graph: Graph) -> str:
    """An operator in words: 'conv 160 x 1 → 48, stride 8, ReLU'."""
    match op:
        case Conv():
            parts = [f"conv {op.kernel} × {op.in_channels} → {op.out_channels}"]  # noqa: RUF001
            parts += [f"stride {op.stride}"] if op.stride > 1 else []
            parts += [f"dilation {op.dilation}"] if op.dilation > 1 else []
            return ", ".join(parts + _clamp(op.clamp))
        case Add():
            channels = graph.tensors[op.input].channels
            return ", ".join([f"add {channels} channels", *_clamp(op.clamp)])
        case Mean():
            return f"mean of {op.kernel} frames"
        case Map():
            return f"table of 256: {op.function.value.replace('_', ' ')}"


def _clamp(clamp: Clamp) -> list[str]:
    return [] if clamp is Clamp.NONE else [clamp.value.replace("relu", "ReLU").replace("_", " ")]
