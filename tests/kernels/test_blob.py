"""The converter's half of docs/blob.md: what pack() writes, and what it refuses to write."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from facelite import companding
from facelite.converters.backends.blob import companding_of, pack, pack_weights, pair_safe
from facelite.errors import BadInput
from facelite.graph import Clamp, Conv, Graph, Quant, Tensor
from facelite.student import Student


def test_info_is_the_graphs(graphs, blobs):
    for name, graph in graphs.items():
        info = Student(blobs[name]).info
        for field in ("sample_rate", "window", "lookahead", "hop", "receptive_field", "parameters", "macs_per_hop"):
            assert getattr(info, field) == getattr(graph, field), field
        assert info.smoothing == graph.smoothing
        assert info.blob_bytes == len(blobs[name])
        assert Student(blobs[name]).controls == graph.controls


def test_size_stays_within_its_budget(graphs, blobs):
    assert len(blobs["tiny"]) <= 1.1 * graphs["tiny"].parameters + 8192
    assert Student(blobs["tiny"]).info.stream_bytes <= 4096


def test_the_same_graph_gives_the_same_bytes(graphs, blobs):
    assert pack(graphs["zoo"]) == blobs["zoo"]


def test_checksum_is_zlibs_over_all_but_its_own_field(blobs):
    blob = blobs["zoo"]
    (stored,) = struct.unpack_from("<I", blob, 20)
    assert stored == zlib.crc32(blob[24:], zlib.crc32(blob[:20]))


@pytest.mark.parametrize("curve", companding.MU)
def test_the_thresholds_say_how_it_hears(graphs, curve):
    blob = pack(replace(graphs["zoo"], companding=curve))
    assert Student(blob).info.ops == len(graphs["zoo"].ops)
    assert companding_of(blob, "a blob") == curve


@pytest.mark.parametrize(("channels", "inputs"), [(1, 1), (4, 4), (16, 8), (17, 9), (27, 12), (33, 160)])
def test_packed_order(channels, inputs):
    """Unpacked by the layout's own words: weight i of channel o is byte i % 4 of its quad."""
    weight = np.random.default_rng(0).integers(-127, 128, (channels, inputs, 1)).astype(np.int8)
    packed = pack_weights(weight)
    quads, rounded = -(-inputs // 4), -(-channels // 4) * 4
    assert packed.size == quads * 4 * rounded
    for o in range(channels):
        first = o // 16 * 16
        width = min(16, rounded - first)
        for i in range(inputs):
            where = first * quads * 4 + (i // 4 * width + o - first) * 4 + i % 4
            assert packed[where] == weight[o, i, 0]


def test_pair_promise_is_maddubs_exactness():
    """Against the instruction's own arithmetic, at the inputs that are worst for each pair."""
    pairs = np.random.default_rng(1).integers(-127, 128, (20000, 2)).astype(np.int8)
    pairs = np.concatenate([pairs, np.array([[127, 1], [127, 2], [-127, -1], [-127, -2], [64, 64], [65, 64]], np.int8)])
    highest = 255 * np.maximum(pairs, 0).astype(np.int32).sum(1)
    lowest = 255 * np.minimum(pairs, 0).astype(np.int32).sum(1)
    exact = (highest <= 32767) & (lowest >= -32768)
    assert [pair_safe(pair) for pair in pairs] == exact.tolist()


def test_promises_that_a_graph_breaks(graphs):
    graph = graphs["zoo"]
    broken = {
        "float": replace(graph, tensors=tuple(replace(tensor, quant=None) for tensor in graph.tensors)),
        "companding": replace(graph, companding="linear"),
        "window": replace(graph, window=graph.receptive_field - 1),
        "lookahead": replace(graph, lookahead=graph.window + 1),
        "control name": replace(graph, controls=("a b", *graph.controls[1:])),
        "names for": replace(graph, controls=graph.controls[1:]),
        "int8": _with_weight(graph, -128),
    }
    for problem, bad in broken.items():
        with pytest.raises(BadInput, match=problem):
            pack(bad)


def _with_weight(graph, value):
    first = graph.ops[0]
    weight = first.weight.copy()
    weight[0, 0, 0] = value
    return replace(graph, ops=(replace(first, weight=weight), *graph.ops[1:]))


def test_any_changed_byte_is_one_clear_line(blobs):
    rng = np.random.default_rng(2)
    for where in rng.integers(0, len(blobs["zoo"]), 200):
        damaged = bytearray(blobs["zoo"])
        damaged[where] ^= 1 << rng.integers(8)
        with pytest.raises(BadInput) as error:
            Student(bytes(damaged), "out/student.facelite")
        assert str(error.value).startswith("out/student.facelite: ")
        assert "\n" not in str(error.value)


def test_what_an_operator_does_not_use_is_zero(blobs):
    """A word that this version ignores may be one that a later converter means; docs/blob.md says who uses which."""
    used = {
        1: {0, 1, 3, *range(5, 16)},
        2: {*range(5), 8, 9, *range(16, 23)},
        3: {0, 1, 3, 5, 16, 19},
        4: {0, 1, 11},
    }
    start, met = _words(blobs["zoo"])[15], set()
    for index in range(_words(blobs["zoo"])[13]):
        record = start // 4 + 24 * index
        kind = _words(blobs["zoo"])[record]
        met.add(kind)
        for word in set(range(24)) - used[kind]:
            with pytest.raises(BadInput, match="out of its range"):
                Student(_with_word(blobs["zoo"], record + word, 1))
    assert met == set(used)


def _words(blob: bytes) -> np.ndarray:
    return np.frombuffer(blob[: len(blob) // 4 * 4], "<u4")


def _with_word(blob: bytes, word: int, value: int) -> bytes:
    """The blob with another word, and the checksum of that."""
    changed = bytearray(blob)
    changed[4 * word : 4 * word + 4] = value.to_bytes(4, "little")
    changed[20:24] = zlib.crc32(changed[:20] + changed[24:]).to_bytes(4, "little")
    return bytes(changed)


@pytest.mark.parametrize(("byte", "allowed"), [(0x20, False), (0x21, True), (0x7E, True), (0x7F, False)])
def test_names_are_printable_and_have_no_spaces(blobs, byte, allowed):
    word = blobs["zoo"].index(b"control0\0") // 4
    assert blobs["zoo"].count(b"control0\0") == 1
    blob = _with_word(blobs["zoo"], word, int.from_bytes(b"con" + bytes([byte]), "little"))
    if allowed:
        assert Student(blob).controls[0] == f"con{chr(byte)}rol0"
    else:
        with pytest.raises(BadInput, match="out of its range"):
            Student(blob)


def test_a_buffer_is_read_in_its_own_order(blobs):
    doubled, backwards = np.repeat(np.frombuffer(blobs["tiny"], np.uint8), 2), blobs["tiny"][::-1]
    for view in (memoryview(doubled)[::2], memoryview(backwards)[::-1]):
        student = Student(view)
        assert student.blob == blobs["tiny"]
        assert student.info == Student(blobs["tiny"]).info


def test_a_blob_that_would_prime_for_minutes_is_refused():
    """6.8 M multiplications a hop are modest, but not 4,097 hops of them before the first frame (docs/blob.md)."""
    assert Student(pack(_far_hearing(dilation=1000))).info.receptive_field == 1256
    with pytest.raises(BadInput, match="out of its range"):
        Student(pack(_far_hearing(dilation=(1 << 20) - 300)))


def _far_hearing(dilation: int) -> Graph:
    """Two samples `dilation` apart, then 160 channels at every sample."""
    quants = [Quant(float(np.float32(1 / 127)), 0), *[Quant(0.05, 0)] * 4]
    sizes = [(1, 1), (1, 1), (160, 1), (160, 1), (4, 256)]
    tensors = tuple(Tensor(f"t{i}", *size, quant) for i, (size, quant) in enumerate(zip(sizes, quants, strict=True)))
    ops = (
        _ones(0, (1, 2, 1), dilation=dilation),
        _ones(1, (160, 1, 1)),
        _ones(2, (160, 1, 160)),
        _ones(3, (4, 256, 160), stride=256),
    )
    return Graph("far", 16000, dilation + 256, 1, tuple("abcd"), tensors, ops)


def _ones(index: int, shape: tuple[int, int, int], stride: int = 1, dilation: int = 1) -> Conv:
    bias, scale = np.zeros(shape[0], np.int32), np.full(shape[0], 0.01, np.float32)
    return Conv(f"conv{index}", index, np.ones(shape, np.int8), bias, stride, dilation, 0, Clamp.NONE, scale)
