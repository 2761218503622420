"""What a conversion has to say about each layer."""

from __future__ import annotations

from typing import Any

from facelite.graph import Conv, Graph, Op, op_macs

from . import calibration
from .recipes import FloatStudent


def layer_facts(graph: Graph) -> list[dict[str, Any]]:
    """One row an operator, in the graph's order.

    Returns
    -------
    Each row: `name`; `kind` ("conv", "add", "mean", "map"); `inputs`, names of the tensors read; `channels` and
    `frames_per_hop` of its output; for convolutions `kernel`, `stride`, `dilation`, `delay`, `rounding`; `macs` a
    hop; `bytes` of int8 weights and int32 biases; `scale` and `zero_point` of its output when quantised.
    """
    return [_row(graph, index, op) for index, op in enumerate(graph.ops)]


def _row(graph: Graph, index: int, op: Op) -> dict[str, Any]:
    tensor = graph.tensors[index + 1]
    row: dict[str, Any] = {
        "name": op.name,
        "kind": type(op).__name__.lower(),
        "inputs": [graph.tensors[source].name for source in op.inputs],
        "channels": tensor.channels,
        "frames_per_hop": graph.hop // tensor.stride,
        "macs": op_macs(graph, index),
        "bytes": op.weight.nbytes + op.bias.nbytes if isinstance(op, Conv) else 0,
    }
    if isinstance(op, Conv):
        row |= {"kernel": op.kernel, "stride": op.stride, "dilation": op.dilation, "delay": op.delay}
        row["rounding"] = op.rounding.value
    if tensor.quant is not None:
        row |= {"scale": tensor.quant.scale, "zero_point": tensor.quant.zero_point}
    return row


def calibration_facts(student: FloatStudent, layers: list[dict[str, Any]]) -> dict[str, Any]:
    """How the ranges of a student's int8 activations were chosen, for the whole and for each layer.

    Parameters
    ----------
    layers
        The rows of `layer_facts` of the int8 graph, in the same order.

    Returns
    -------
    `calibration`, with the `method`, `seconds` of audio and the `levels_db` that it was heard at; and the `layers`,
    each with `seen`, its smallest and largest value there, `range`, what its codes span, and `clipped`, the share of
    its values outside of that.
    """
    seconds = len(student.heard[0]) / student.graph.sample_rate
    chosen = [
        row | {"seen": [seen.low, seen.high], "range": list(span), "clipped": seen.share_outside(*span)}
        for row, seen, span in zip(layers, student.observed, student.ranges, strict=True)
    ]
    told = {"method": student.method, "seconds": round(seconds, 1), "levels_db": list(calibration.LEVELS_DB)}
    return {"calibration": told, "layers": chosen}
