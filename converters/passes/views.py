"""Replaces reshapes and crops by statements about which frames their readers see.

A reshape or a crop in time moves no data in a stream: a crop of the newest frames is a delay, a crop of the oldest
ones shortens what a window holds and a stream has anyway. What is left computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from facelite.errors import BadInput

from ..network import Average, Convolution, Crop, Dense, Network, Node, Operand, Pointwise, Reshape, Sum
from .refused import report


@dataclass(frozen=True)
class View:
    """A value as consecutive frames of a computed one: `frames` of them, after leaving out the newest `delay`."""

    value: int
    frames: int
    channels: int
    delay: int = 0


class _Mismatch(Exception):
    """Why a node does not see frames where it expects them."""


def absorb_views(network: Network) -> Network:
    """Remove `Reshape` and `Crop` nodes and give the others operands with delay and frames.

    Raises
    ------
    BadInput
        The input is not one channel of samples, or the output is not one frame.
    Unsupported
        Nodes that mix frames with channels, or whose shapes contradict each other.
    """
    views = {network.input: _waveform(network)}
    nodes: list[Node] = []
    problems: list[tuple[Node, str]] = []
    for node in network.nodes:
        if any(operand.value not in views for operand in node.inputs):
            continue  # behind a node that is reported
        seen = [views[operand.value] for operand in node.inputs]
        try:
            view = _VIEWS[type(node)](network, node, seen)
            _check_value(network, node, view)
        except _Mismatch as mismatch:
            problems.append((node, str(mismatch)))
            continue
        views[node.output] = view
        if not isinstance(node, Reshape | Crop):
            nodes.append(replace(node, inputs=tuple(map(_operand, seen))))
    report(network, problems)
    output = views[network.output]
    if output.frames != 1 or output.delay != 0 or not nodes:
        problem = f"output holds {output.frames} frames, the newest of them {output.delay} frames old"
        raise BadInput(
            network.source, problem, "a student gives one frame of controls a window, from its newest frames"
        )
    return replace(network, nodes=tuple(nodes), output=output.value)


def _operand(view: View) -> Operand:
    return Operand(view.value, view.delay, view.frames, view.channels)


def _waveform(network: Network) -> View:
    shape = network.values[network.input].shape
    samples = network.values[network.input].size
    if max(shape, default=0) != samples or samples < 2:
        problem = f"input of shape {list(shape)} is not a window of samples in one channel"
        raise BadInput(network.source, problem, "a student hears [1, window, 1] mu-law codes")
    return View(network.input, samples, 1)


def _check_value(network: Network, node: Node, view: View) -> None:
    value = network.values[node.output]
    if value.size != view.frames * view.channels:
        raise _Mismatch(f"its file gives it {value.size} values where it makes {view.frames} x {view.channels}")
    if isinstance(node, Reshape | Crop) and value.quant != network.values[node.inputs[0].value].quant:
        raise _Mismatch("it moves values to another scale without rescaling them")


def _time_axis(network: Network, value: int, view: View) -> int:
    """The axis of a value's shape along which its frames lie."""
    shape = network.values[value].shape
    axis = len(shape) - 2
    while axis > 0 and shape[axis] == 1 and view.frames != 1:
        axis -= 1
    if axis < 0 or shape[axis] != view.frames or shape[-1] != view.channels:
        raise _Mismatch(f"reads {list(shape)} where there are {view.frames} frames of {view.channels} channels")
    return axis


def _reshape(network: Network, node: Reshape, seen: list[View]) -> View:
    return seen[0]


def _crop(network: Network, node: Crop, seen: list[View]) -> View:
    if node.axis != _time_axis(network, node.inputs[0].value, seen[0]):
        raise _Mismatch("a crop of channels")
    return replace(seen[0], frames=node.stop - node.start, delay=seen[0].delay + seen[0].frames - node.stop)


def _convolution(network: Network, node: Convolution, seen: list[View]) -> View:
    _time_axis(network, node.inputs[0].value, seen[0])
    span = (node.weight.shape[1] - 1) * node.dilation + 1
    if seen[0].channels != node.weight.shape[2] or seen[0].frames < span:
        raise _Mismatch(f"a kernel over {span} frames of {node.weight.shape[2]} channels does not fit")
    return View(node.output, (seen[0].frames - span) // node.stride + 1, node.weight.shape[0])


def _dense(network: Network, node: Dense, seen: list[View]) -> View:
    features = node.weight.shape[1]
    if features == seen[0].frames * seen[0].channels:
        return View(node.output, 1, node.weight.shape[0])
    if features != seen[0].channels:
        raise _Mismatch(f"{features} features are neither one frame nor the whole window")
    return View(node.output, seen[0].frames, node.weight.shape[0])


def _sum(network: Network, node: Sum, seen: list[View]) -> View:
    a, b = seen
    if (a.frames, a.channels) != (b.frames, b.channels):
        raise _Mismatch("its two sides differ in shape")
    return View(node.output, a.frames, a.channels)


def _average(network: Network, node: Average, seen: list[View]) -> View:
    value = network.values[node.inputs[0].value]
    time = _time_axis(network, node.inputs[0].value, seen[0])
    others = [axis for axis in node.axes if axis != time]
    if time not in node.axes or any(value.shape[axis] != 1 for axis in others):
        raise _Mismatch(f"a mean over axes {list(node.axes)}, not over time")
    return View(node.output, 1, seen[0].channels)


def _pointwise(network: Network, node: Pointwise, seen: list[View]) -> View:
    # It maps the frames that were cropped away too, so that the crop stays a matter of who reads the result.
    return replace(seen[0], value=node.output)


_VIEWS: dict[type[Node], Callable[..., View]] = {
    Reshape: _reshape,
    Crop: _crop,
    Convolution: _convolution,
    Dense: _dense,
    Sum: _sum,
    Average: _average,
    Pointwise: _pointwise,
}
