"""What one hop of a student does, read from its blob (docs/blob.md): the operators with their shapes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEADER = struct.Struct("<8s30I")
_HOP, _CONTROLS, _OPS, _TENSORS_AT, _OPS_AT = 9, 12, 13, 14, 15
_TENSOR = struct.Struct("<IIif")
_OP = struct.Struct("<24i")
_KINDS = {1: "conv", 2: "add", 3: "mean", 4: "map"}
_PAIR_SAFE, _FLOATING = 1, 2


@dataclass(frozen=True)
class Operator:
    """One operator of a hop.

    Attributes
    ----------
    kind
        "conv", "add", "mean" or "map".
    frames, channels
        New frames a hop and their width.
    quads
        Of a convolution: inputs of a row in fours, rounded up.
    weight_bytes
        Packed: channels rounded up to 4.
    pair_safe, floating
        The operator's flags.
    """

    kind: str
    frames: int
    channels: int
    quads: int
    weight_bytes: int
    pair_safe: bool
    floating: bool

    @property
    def macs(self) -> int:
        """Multiply-accumulates on packed rows."""
        return self.frames * self.channels * self.quads * 4


@dataclass(frozen=True)
class Work:
    """All of a hop: the samples that it hears, its operators, the controls of its frame."""

    hop: int
    controls: int
    operators: tuple[Operator, ...]

    @property
    def weight_bytes(self) -> int:
        return sum(operator.weight_bytes for operator in self.operators)


def read(blob: bytes) -> Work:
    """The work of a blob that `facelite.load` has accepted: nothing is checked again."""
    header = _HEADER.unpack_from(blob)
    hop, count = header[_HOP - 1], header[_OPS - 1]
    tensors = [_TENSOR.unpack_from(blob, header[_TENSORS_AT - 1] + i * _TENSOR.size) for i in range(count + 1)]
    operators = []
    for index in range(count):
        record = _OP.unpack_from(blob, header[_OPS_AT - 1] + index * _OP.size)
        channels, stride = tensors[index + 1][:2]
        is_conv = record[0] == 1
        quads = -(-record[5] * tensors[record[1]][0] // 4) if is_conv else 0
        operators.append(
            Operator(
                kind=_KINDS[record[0]],
                frames=hop // stride,
                channels=channels,
                quads=quads,
                weight_bytes=-(-channels // 4) * 4 * quads * 4,
                pair_safe=bool(record[10] & _PAIR_SAFE),
                floating=bool(record[10] & _FLOATING),
            )
        )
    return Work(hop, header[_CONTROLS - 1], tuple(operators))
