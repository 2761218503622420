"""Turns SPACE_TO_BATCH, convolution, BATCH_TO_SPACE back into the dilated convolution they came from.

TensorFlow lowers a dilated convolution that way, and TFLiteConverter leaves it so when the batch size is open.
"""

from __future__ import annotations

from dataclasses import replace

from ..network import BatchToSpace, Convolution, Network, Node, Reshape, SpaceToBatch
from .refused import report


def merge_space_to_batch(network: Network) -> Network:
    """Replace each such triple by one convolution; a half of one, or other nodes inside it, are unsupported."""
    made_by = {node.output: node for node in network.nodes}
    replaced: dict[int, Convolution] = {}
    swallowed: set[int] = set()
    for node in network.nodes:
        if not isinstance(node, BatchToSpace):
            continue
        conv = _behind(node, made_by)
        start = _behind(conv, made_by) if isinstance(conv, Convolution) else None
        if isinstance(conv, Convolution) and isinstance(start, SpaceToBatch) and _undoes(network, node, start, conv):
            dilation = conv.dilation * start.block
            replaced[node.output] = replace(conv, inputs=start.inputs, output=node.output, dilation=dilation)
            swallowed |= _between(node, start, made_by)
    nodes = tuple(replaced.get(node.output, node) for node in network.nodes if node.output not in swallowed)
    leftover = [node for node in nodes if isinstance(node, SpaceToBatch | BatchToSpace)]
    report(network, [(node, "frames dealt out otherwise than for one dilated convolution") for node in leftover])
    return replace(network, nodes=nodes)


def _behind(node: Node, made_by: dict[int, Node]) -> Node | None:
    """The node that computes what `node` reads, reshapes looked through."""
    source = made_by.get(node.inputs[0].value)
    while isinstance(source, Reshape):
        source = made_by.get(source.inputs[0].value)
    return source


def _undoes(network: Network, end: BatchToSpace, start: SpaceToBatch, conv: Convolution) -> bool:
    def same_scale(a: int, b: int) -> bool:
        return network.values[a].quant == network.values[b].quant

    kept = same_scale(start.inputs[0].value, conv.inputs[0].value) and same_scale(conv.output, end.output)
    return kept and end.block == start.block and end.crop == start.pad and conv.stride == 1


def _between(end: Node, start: Node, made_by: dict[int, Node]) -> set[int]:
    """Outputs of the nodes from `start` up to, but without, `end`."""
    found: set[int] = set()
    node = made_by[end.inputs[0].value]
    while node is not start:
        found.add(node.output)
        node = made_by[node.inputs[0].value]
    return found | {start.output}
