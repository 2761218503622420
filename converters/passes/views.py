"""Replaces reshapes, transposes and crops by statements about which frames their readers see.

None of them moves data in a stream: a crop of the newest frames is a delay, a crop of the oldest ones shortens what a
window holds and a stream has anyway, and layout is an order in which readers number things: our frames hold their
channels side by side, whatever the file does. What is left computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from facelite.errors import BadInput

from ..network import (
    Affine,
    Average,
    Convolution,
    Crop,
    Dense,
    Network,
    Node,
    Operand,
    Pad,
    Pointwise,
    Reshape,
    Sum,
    Transpose,
)
from .refused import report


@dataclass(frozen=True)
class View:
    """A value as consecutive frames of a computed one: `frames` of them, after leaving out the newest `delay`.

    `channels_first`: the value's elements lie channel by channel instead of frame by frame.
    """

    value: int
    frames: int
    channels: int
    delay: int = 0
    channels_first: bool = False

    @property
    def extents(self) -> list[int]:
        """Sizes above 1, in the order of the value's axes."""
        sizes = [self.channels, self.frames] if self.channels_first else [self.frames, self.channels]
        return [size for size in sizes if size > 1]


class _Mismatch(Exception):
    """Why a node does not see frames where it expects them."""


def absorb_views(network: Network) -> Network:
    """Remove `Reshape`, `Transpose` and `Crop` nodes and give the others operands with delay, frames and order.

    Raises
    ------
    BadInput
        The input is not one channel of samples, or the output is not one frame.
    Unsupported
        Nodes that mix frames with channels, or whose shapes contradict each other.
    """
    views = {network.input: _waveform(network)}
    made = {network.input: views[network.input].frames}
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
        if isinstance(node, _MOVES):
            continue
        if isinstance(node, _MAPS):
            seen = [replace(seen[0], frames=made[seen[0].value], delay=0)]
            made[node.output] = seen[0].frames
        else:
            made[node.output] = view.frames
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
    return Operand(view.value, view.delay, view.frames, view.channels, view.channels_first and len(view.extents) == 2)


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
    given = network.values[node.inputs[0].value]
    if isinstance(node, _MOVES) and value.quant != given.quant and None not in (value.quant, given.quant):
        raise _Mismatch("it moves values to another scale without rescaling them")


def _mismatch(network: Network, value: int, view: View) -> _Mismatch:
    order = "channels by frames" if view.channels_first else "frames by channels"
    sizes = [view.channels, view.frames] if view.channels_first else [view.frames, view.channels]
    return _Mismatch(f"reads {list(network.values[value].shape)} where there are {order} {sizes}")


def _frames_then_channels(network: Network, value: int, view: View) -> None:
    """Check that a value's last axis holds the channels, and one before it the frames."""
    shape = network.values[value].shape
    axis = len(shape) - 2
    while axis > 0 and shape[axis] == 1 and view.frames != 1:
        axis -= 1
    swapped = view.channels_first and len(view.extents) == 2
    if swapped or axis < 0 or shape[axis] != view.frames or shape[-1] != view.channels:
        raise _mismatch(network, value, view)


def _time_axis(network: Network, value: int, view: View) -> int | None:
    """The axis of a value's shape along which its frames lie, or None when there is one frame."""
    shape = network.values[value].shape
    axes = [axis for axis, size in enumerate(shape) if size > 1]
    if [shape[axis] for axis in axes] != view.extents:
        raise _mismatch(network, value, view)
    if view.frames == 1:
        return None
    return axes[-1] if view.channels_first else axes[0]


def _reshape(network: Network, node: Reshape, seen: list[View]) -> View:
    return seen[0]


def _transpose(network: Network, node: Transpose, seen: list[View]) -> View:
    shape = network.values[node.inputs[0].value].shape
    moved = [axis for axis in node.permutation if shape[axis] > 1]
    if len(moved) < 2 or moved == sorted(moved):
        return seen[0]
    _time_axis(network, node.inputs[0].value, seen[0])
    return replace(seen[0], channels_first=not seen[0].channels_first)


def _crop(network: Network, node: Crop, seen: list[View]) -> View:
    if node.axis != _time_axis(network, node.inputs[0].value, seen[0]):
        raise _Mismatch("a crop of channels")
    return replace(seen[0], frames=node.stop - node.start, delay=seen[0].delay + seen[0].frames - node.stop)


def _convolution(network: Network, node: Convolution, seen: list[View]) -> View:
    _frames_then_channels(network, node.inputs[0].value, seen[0])
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
    _frames_then_channels(network, node.inputs[0].value, seen[0])
    return View(node.output, seen[0].frames, node.weight.shape[0])


def _sum(network: Network, node: Sum, seen: list[View]) -> View:
    a, b = seen
    if (a.frames, a.channels) != (b.frames, b.channels) or a.extents != b.extents:
        raise _Mismatch("its two sides differ in shape")
    if len(a.extents) == 2 and a.channels_first != b.channels_first:
        raise _Mismatch("its two sides lie in different orders")
    return View(node.output, a.frames, a.channels, channels_first=a.channels_first)


def _average(network: Network, node: Average, seen: list[View]) -> View:
    shape = network.values[node.inputs[0].value].shape
    time = _time_axis(network, node.inputs[0].value, seen[0])
    others = [axis for axis in node.axes if axis != time]
    if (time is not None and time not in node.axes) or any(shape[axis] != 1 for axis in others):
        raise _Mismatch(f"a mean over axes {list(node.axes)}, not over time")
    return View(node.output, 1, seen[0].channels)


def _pad(network: Network, node: Pad, seen: list[View]) -> View:
    _frames_then_channels(network, node.inputs[0].value, seen[0])
    return View(node.output, node.before + seen[0].frames + node.after, seen[0].channels)


def _affine(network: Network, node: Affine, seen: list[View]) -> View:
    width = max(node.scale.size, node.shift.size)
    if width > 1:
        _frames_then_channels(network, node.inputs[0].value, seen[0])
        if width != seen[0].channels:
            raise _Mismatch(f"scales {width} features where a frame has {seen[0].channels} channels")
    return replace(seen[0], value=node.output)


def _pointwise(network: Network, node: Pointwise, seen: list[View]) -> View:
    return replace(seen[0], value=node.output)


_MOVES = (Reshape, Transpose, Crop)
"""Nodes that only move values."""

_MAPS = (Affine, Pointwise)
"""Nodes that map every frame made, those that were cropped away too: a crop stays a matter of who reads the result."""

_VIEWS: dict[type[Node], Callable[..., View]] = {
    Reshape: _reshape,
    Transpose: _transpose,
    Crop: _crop,
    Pad: _pad,
    Affine: _affine,
    Convolution: _convolution,
    Dense: _dense,
    Sum: _sum,
    Average: _average,
    Pointwise: _pointwise,
}
