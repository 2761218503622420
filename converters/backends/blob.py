"""Writes `student.facelite`, the kernel's own file: docs/blob.md is the contract, this is the converter's half.

The integers come from `facelite.requantise`; this module only lays them out. The layout mirrors the records of
kernels/src/blob.h.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from facelite import companding, requantise
from facelite.errors import BadInput
from facelite.graph import Add, Conv, Graph, Mean, Op, Rounding
from numpy.typing import NDArray

VERSION = 1
ALIGNMENT = 64
BLOCK = 16
"""Output channels that are packed together."""
WEIGHT_SLACK = 64
"""Readable bytes behind every array of packed weights: vector loads run past a narrow last block."""

_MAGIC = b"FACELITE"
_BYTE_ORDER = 0x01020304
_HEADER = struct.Struct("<8s 4I 8I 5I 13I")
_CRC_OFFSET = 20
_THRESHOLDS_OFFSET = 72
_TENSOR = struct.Struct("<2I i f")
_OP = struct.Struct("<8I 2i 6I 7i I")
_SMOOTHING = 1
_PAIR_SAFE, _FLOATING = 1, 2
_MAX_OPS, _MAX_CHANNELS, _MAX_WINDOW = 256, 8192, 1 << 20


def pack(graph: Graph) -> bytes:
    """The blob of a quantised graph.

    Parameters
    ----------
    graph
        Every tensor with int8 parameters, every convolution with int8 weights and int32 biases.

    Returns
    -------
    The bytes of a `student.facelite`, the same for the same graph.

    Raises
    ------
    BadInput
        The graph is float, or breaks a promise of docs/blob.md.
    """
    _check(graph)
    sections = _Sections()
    tensors = sections.reserve(len(graph.tensors) * _TENSOR.size)
    ops = sections.reserve(len(graph.ops) * _OP.size)
    names = b"".join(name.encode("ascii") + b"\0" for name in graph.controls)
    names_offset = sections.add(names)
    thresholds_offset = sections.add(companding.thresholds(graph.companding).astype("<u2").tobytes())
    sections.put(tensors, b"".join(_tensor(graph, index) for index in range(len(graph.tensors))))
    sections.put(ops, b"".join(_op(graph, index, sections).pack() for index in range(len(graph.ops))))
    header = _HEADER.pack(
        *(_MAGIC, VERSION, _BYTE_ORDER, sections.length, 0),
        *(graph.sample_rate, graph.window, graph.lookahead, graph.hop, graph.receptive_field),
        *(_SMOOTHING if graph.smoothing else 0, len(graph.controls), len(graph.ops)),
        *(tensors, ops, names_offset, len(names), thresholds_offset),
        *([0] * 13),
    )
    return _sealed(sections.joined(header))


def companding_of(data: bytes, source: str | Path) -> companding.Curve:
    """The curve by which the student of a blob, one that the kernel has loaded, hears; `source` is for messages.

    Raises
    ------
    BadInput
        Its thresholds are of none that is known.
    """
    (offset,) = struct.unpack_from("<I", data, _THRESHOLDS_OFFSET)
    return companding.curve_of(np.frombuffer(data, "<u2", 127, offset), source)


def pair_safe(weights: NDArray[np.int8]) -> bool:
    """Whether x86's maddubs cannot saturate on any pair of these packed weights, whatever the activations.

    It adds two products of a uint8 activation in saturating int16, so the positive parts of the two weights may
    sum to at most 128 and the negative parts to at least -128 (255 * 128 = 32640 < 32768).
    """
    pairs = weights.reshape(-1, 2).astype(np.int32)
    return bool(np.maximum(pairs, 0).sum(1).max() <= 128 and np.minimum(pairs, 0).sum(1).min() >= -128)


def pack_weights(weight: NDArray[np.int8]) -> NDArray[np.int8]:
    """int8 [out, kernel, in] -> the one order that all kernels share, flat.

    Output channels in blocks of 16, the last one rounded up to 4; inside a block [inputs / 4][channels][4], inputs
    tap-major and channel-minor, zeros up to a multiple of 4.
    """
    flat = weight.reshape(len(weight), -1)
    padded = np.zeros((_up(flat.shape[0], 4), _up(flat.shape[1], 4)), np.int8)
    padded[: flat.shape[0], : flat.shape[1]] = flat
    blocks = (padded[first : first + BLOCK] for first in range(0, len(padded), BLOCK))
    return np.concatenate([block.reshape(len(block), -1, 4).transpose(1, 0, 2).reshape(-1) for block in blocks])


@dataclass
class _Sections:
    """Pieces of the file behind the header, each at a multiple of 64 bytes."""

    length: int = _HEADER.size
    pieces: dict[int, bytes] = field(default_factory=dict)

    def reserve(self, size: int, slack: int = 0) -> int:
        offset = _up(self.length, ALIGNMENT)
        self.length = offset + size + slack
        return offset

    def put(self, offset: int, data: bytes) -> None:
        self.pieces[offset] = data

    def add(self, data: bytes, slack: int = 0) -> int:
        offset = self.reserve(len(data), slack)
        self.put(offset, data)
        return offset

    def joined(self, header: bytes) -> bytearray:
        blob = bytearray(self.length)
        blob[: len(header)] = header
        for offset, data in self.pieces.items():
            blob[offset : offset + len(data)] = data
        return blob


def _sealed(blob: bytearray) -> bytes:
    crc = zlib.crc32(blob[_CRC_OFFSET + 4 :], zlib.crc32(blob[:_CRC_OFFSET]))
    struct.pack_into("<I", blob, _CRC_OFFSET, crc)
    return bytes(blob)


@dataclass
class _Record:
    """One operator record; kernels/src/blob.h names the same fields. What a kind does not use stays 0."""

    kind: int
    input: int
    other: int = 0
    delay: int = 0
    other_delay: int = 0
    kernel: int = 0
    stride: int = 0
    dilation: int = 0
    lo: int = requantise.CODE_MIN
    hi: int = requantise.CODE_MAX
    flags: int = 0
    weights: int = 0
    bias_s8: int = 0
    bias_u8: int = 0
    multipliers: int = 0
    shifts: int = 0
    rescale: tuple[tuple[int, int], ...] = ()
    left_shift: int = 0
    scales: int = 0

    def pack(self) -> bytes:
        rescale = [*self.rescale, (0, 0), (0, 0), (0, 0)][:3]
        return _OP.pack(
            *(self.kind, self.input, self.other, self.delay, self.other_delay, self.kernel, self.stride),
            *(self.dilation, self.lo, self.hi, self.flags, self.weights, self.bias_s8, self.bias_u8),
            *(self.multipliers, self.shifts),
            *(multiplier for multiplier, _ in rescale),
            *(shift for _, shift in rescale),
            *(self.left_shift, self.scales),
        )


def _tensor(graph: Graph, index: int) -> bytes:
    tensor, quant = graph.tensors[index], requantise.quant_of(graph, index)
    return _TENSOR.pack(tensor.channels, tensor.stride, quant.zero_point, quant.scale)


def _op(graph: Graph, index: int, sections: _Sections) -> _Record:
    op = graph.ops[index]
    if isinstance(op, Conv):
        return _conv(op, graph, index, sections)
    if isinstance(op, Add):
        return _add(op, graph, index)
    if isinstance(op, Mean):
        parameters = requantise.mean_parameters(op, graph)
        rescale = ((parameters.multiplier, parameters.shift),)
        return _Record(kind=3, input=op.input, delay=op.delay, kernel=op.kernel, rescale=rescale)
    table = sections.add(requantise.map_table(op, graph).tobytes())
    return _Record(kind=4, input=op.input, weights=table)


def _conv(op: Conv, graph: Graph, index: int, sections: _Sections) -> _Record:
    weights = pack_weights(op.weight)
    bias_s8, bias_u8 = _folded_biases(op, requantise.quant_of(graph, op.input).zero_point)
    lo, hi = requantise.clamp_bounds(op.clamp, requantise.quant_of(graph, index + 1))
    record = _Record(
        kind=1,
        input=op.input,
        delay=op.delay,
        kernel=op.kernel,
        stride=op.stride,
        dilation=op.dilation,
        lo=lo,
        hi=hi,
        flags=_PAIR_SAFE if pair_safe(weights) else 0,
        weights=sections.add(weights.tobytes(), WEIGHT_SLACK),
        bias_s8=sections.add(_per_channel(bias_s8, "<i4")),
        bias_u8=sections.add(_per_channel(bias_u8, "<i4")),
    )
    if op.rounding is Rounding.FLOATING:
        record.flags |= _FLOATING
        record.scales = sections.add(_per_channel(requantise.conv_scales(op, graph), "<f8"))
    else:
        multiplier, shift = requantise.conv_multipliers(op, graph)
        record.multipliers = sections.add(_per_channel(multiplier, "<i4"))
        record.shifts = sections.add(_per_channel(shift, "i1"))
    return record


def _folded_biases(op: Conv, zero_point: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Biases with the input's zero point folded in, for int8 codes and for the same codes plus 128."""
    sums = op.weight.astype(np.int64).sum(axis=(1, 2))
    signed = op.bias.astype(np.int64) - zero_point * sums
    unsigned = signed - 128 * sums
    largest = np.maximum(np.abs(signed), np.abs(unsigned)) + 255 * np.abs(op.weight.astype(np.int64)).sum(axis=(1, 2))
    if largest.max() >= 2**31:
        raise BadInput(op.name, "its int32 accumulator can overflow", "quantise it with smaller biases")
    return signed, unsigned


def _add(op: Add, graph: Graph, index: int) -> _Record:
    lo, hi = requantise.clamp_bounds(op.clamp, requantise.quant_of(graph, index + 1))
    parameters = requantise.add_parameters(op, graph)
    return _Record(
        kind=2,
        input=op.input,
        other=op.other,
        delay=op.delay,
        other_delay=op.other_delay,
        lo=lo,
        hi=hi,
        rescale=(parameters.input, parameters.other, parameters.output),
        left_shift=requantise.ADD_LEFT_SHIFT,
    )


def _per_channel(values: NDArray, dtype: str) -> bytes:
    padded = np.zeros(_up(len(values), BLOCK), dtype)
    padded[: len(values)] = values
    return padded.tobytes()


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def _check(graph: Graph) -> None:
    """The converter's half of docs/blob.md that the sections themselves do not already guarantee."""
    if not graph.quantised:
        raise BadInput(graph.name, "the graph is float", "quantise it first")
    companding.check(graph.companding, graph.name)
    wave = requantise.quant_of(graph, 0)
    if graph.tensors[0].channels != 1 or wave.zero_point != 0 or wave.scale != np.float32(companding.CODE_SCALE):
        raise BadInput(graph.name, "the input is not mu-law codes (scale 1/127, zero point 0, one channel)")
    if not 1 <= len(graph.ops) <= _MAX_OPS:
        raise BadInput(graph.name, f"{len(graph.ops)} operators; the kernel takes 1 to {_MAX_OPS}")
    if max(tensor.channels for tensor in graph.tensors) > _MAX_CHANNELS:
        raise BadInput(graph.name, f"a layer is wider than {_MAX_CHANNELS} channels")
    if not graph.receptive_field <= graph.window <= _MAX_WINDOW:
        raise BadInput(graph.name, f"window {graph.window} is outside {graph.receptive_field}..{_MAX_WINDOW}")
    if graph.lookahead > graph.window:
        raise BadInput(graph.name, f"lookahead {graph.lookahead} exceeds the window {graph.window}")
    if len(graph.controls) != graph.tensors[-1].channels:
        raise BadInput(graph.name, f"{len(graph.controls)} control names for {graph.tensors[-1].channels} outputs")
    for name in graph.controls:
        if not name or any(not "!" <= letter <= "~" for letter in name):
            raise BadInput(graph.name, f"control name {name!r} is not printable ASCII without spaces")
    for op in graph.ops:
        _check_op(op)


def _check_op(op: Op) -> None:
    if isinstance(op, Conv):
        if op.weight.dtype != np.int8 or op.weight.min() < -127:
            raise BadInput(op.name, "its weights are not int8 in -127..127", "quantise it symmetrically")
        if op.bias.dtype != np.int32:
            raise BadInput(op.name, "its bias is not int32")
