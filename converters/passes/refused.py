"""Stops at operators that a student cannot hold, naming every one of them."""

from __future__ import annotations

from collections.abc import Iterable

from facelite.errors import Unsupported

from ..network import SUPPORTED, Network, Node, Pad, Refused

_NO_STREAM = (
    "padding inside the window, which a stream has no equal of: it has the layer's answer to earlier audio there, not "
    "zeros; --windowed-only converts it without a stream"
)


def refuse(network: Network) -> Network:
    """Raise Unsupported if any node is `Refused`, or a `Pad`."""
    report(network, [(node, _problem(node)) for node in network.nodes if isinstance(node, Refused | Pad)])
    return network


def refuse_all_but_padding(network: Network) -> Network:
    """Raise Unsupported if any node is `Refused`."""
    report(network, [(node, node.problem) for node in network.nodes if isinstance(node, Refused)])
    return network


def _problem(node: Refused | Pad) -> str:
    if isinstance(node, Refused):
        return node.problem
    return f"{node.before} + {node.after} zero frames of {_NO_STREAM}"


def report(network: Network, problems: Iterable[tuple[Node, str]]) -> None:
    """Raise one Unsupported that lists each node's layer, operator, shapes and problem; none is no error."""
    listed = [_describe(network, node, problem) for node, problem in problems]
    if listed:
        count = "1 operator has" if len(listed) == 1 else f"{len(listed)} operators have"
        raise Unsupported(
            network.source, f"{count} no place in a student: {', '.join(listed)}", f"supported: {SUPPORTED}"
        )


def _describe(network: Network, node: Node, problem: str) -> str:
    shapes = " + ".join(str(list(network.values[operand.value].shape)) for operand in node.inputs) or "nothing"
    return f"{node.name} ({node.kind} {shapes} -> {list(network.values[node.output].shape)}: {problem})"
