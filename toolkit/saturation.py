"""What a kernel that took x86's maddubs for exact would get wrong: its saturating int16 sums, in NumPy.

maddubs multiplies uint8 activations by int8 weights and adds neighbouring products in *saturating* int16 (Intel SDM,
VPMADDUBSW). Pairs whose weights keep the promise of docs/blob.md cannot saturate; the C kernel takes an exact path for
layers that do not keep it. Here every layer is run as if it kept it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import reference
from .graph import Conv, Graph
from .requantise import CODE_MIN

LOWEST, HIGHEST = np.iinfo(np.int16).min, np.iinfo(np.int16).max
PAIR_LIMIT = 128
"""Weights of one sign may sum to so much in a pair: 255 * 128 = 32640 still fits int16."""


def simulate(graph: Graph, signals: Mapping[str, NDArray[np.int8]]) -> dict[str, Any]:
    """Compare a saturating student with the exact one.

    Parameters
    ----------
    graph
        int8.
    signals
        Input codes by name, int8 [samples], each at least as long as the receptive field.

    Returns
    -------
    `layers`: for each convolution its `layer` name, `pairs` of weights and `unsafe` ones among them; on exact inputs,
    `sums` of two products and `saturated` ones among them, `values` that come out and `different` ones among them,
    `largest` difference in codes. `output`: `values`, `different` and `largest` of the student's frames when every
    layer saturates.
    """
    layers: dict[str, dict[str, Any]] = {}
    output = {"values": 0, "different": 0, "largest": 0}
    for codes in signals.values():
        exact = reference.run(graph, codes)
        wrong = [exact[0]]
        for index, op in enumerate(graph.ops):
            if not isinstance(op, Conv):
                wrong.append(reference.apply(op, graph, wrong))
                continue
            excess, saturated = _excess(op, exact)
            row = layers.setdefault(op.name, _row(op))
            row["sums"] += excess.size * row["pairs"] // op.out_channels
            row["saturated"] += saturated
            _count(row, _convolve(op, graph, exact, excess), exact[index + 1])
            wrong.append(_convolve(op, graph, wrong, _excess(op, wrong)[0]))
        _count(output, wrong[-1], exact[-1])
    return {"layers": list(layers.values()), "output": output}


def pair_sums(activations: NDArray[np.uint8], weights: NDArray[np.int8]) -> NDArray[np.int32]:
    """Sums of two neighbouring products along the last axis, as maddubs would have them without saturation."""
    products = activations.astype(np.int32) * weights
    return products[..., ::2] + products[..., 1::2]


def _convolve(conv: Conv, graph: Graph, tensors: list[NDArray], excess: NDArray[np.int64]) -> NDArray[np.int8]:
    return reference.from_sums(reference.accumulate(conv, graph, tensors) - excess, conv, graph)


def _excess(conv: Conv, tensors: list[NDArray]) -> tuple[NDArray[np.int64], int]:
    """What saturation takes from each sum, [frames, out_channels], and how many sums of two products it changes."""
    rows = _even(np.concatenate(reference.taps(conv, tensors[conv.input]), axis=1))
    biased = (rows.astype(np.int16) - CODE_MIN).astype(np.uint8)
    weights = _even(conv.weight.reshape(conv.out_channels, -1))
    excess, saturated = np.zeros((len(rows), conv.out_channels), np.int64), 0
    for channel, pair in np.argwhere(_unsafe(weights)):
        where = slice(2 * pair, 2 * pair + 2)
        sums = pair_sums(biased[:, where], weights[channel, where])[:, 0]
        lost = sums - np.clip(sums, LOWEST, HIGHEST)
        excess[:, channel] += lost
        saturated += int(np.count_nonzero(lost))
    return excess, saturated


def _even(rows: NDArray[np.int8]) -> NDArray[np.int8]:
    """A last input without a partner gets a zero."""
    return np.pad(rows, ((0, 0), (0, rows.shape[1] % 2)))


def _unsafe(weights: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Which pairs of each row can saturate: bool [out_channels, pairs]."""
    pairs = weights.reshape(len(weights), -1, 2).astype(np.int32)
    highest, lowest = np.maximum(pairs, 0).sum(2), np.minimum(pairs, 0).sum(2)
    return (highest > PAIR_LIMIT) | (lowest < -PAIR_LIMIT)


def _row(conv: Conv) -> dict[str, Any]:
    unsafe = _unsafe(_even(conv.weight.reshape(conv.out_channels, -1)))
    counts = {"pairs": unsafe.size, "unsafe": int(np.count_nonzero(unsafe)), "sums": 0, "saturated": 0}
    return {"layer": conv.name, **counts, "values": 0, "different": 0, "largest": 0}


def _count(row: dict[str, Any], codes: NDArray[np.int8], truth: NDArray[np.int8]) -> None:
    difference = np.abs(codes.astype(np.int16) - truth)
    row["values"] += difference.size
    row["different"] += int(np.count_nonzero(difference))
    row["largest"] = max(row["largest"], int(difference.max(initial=0)))
