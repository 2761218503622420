"""A hundred malformed and hostile model files: exit 2, one line, 2 s and 1 GiB at most each, nothing written."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from facelite.converters.backends import tflite_file
from facelite.converters.frontends import onnx as frontend
from facelite.converters.lower import lower
from facelite.converters.recipes import FloatStudent
from facelite.spec import StudentSpec
from onnx import TensorProto, helper, numpy_helper

RUNNER = Path(__file__).with_name("hostile_runner.py")
CONTROLS = ["a", "b"]
HUGE = 1 << 40


def sound() -> onnx.ModelProto:
    """A small student: two convolutions, a ReLU, a head."""
    rng = np.random.default_rng(0)

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.normal(0, 0.3, shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["x", "w0", "b0"], ["c0"], "front", strides=[4]),
        helper.make_node("Relu", ["c0"], ["r0"], "relu"),
        helper.make_node("Conv", ["r0", "w1"], ["c1"], "middle", dilations=[2]),
        helper.make_node("Flatten", ["c1"], ["f"], "flatten"),
        helper.make_node("Gemm", ["f", "w2"], ["y"], "head", transB=1),
    ]
    constants = [weights("w0", 4, 1, 8), weights("b0", 4), weights("w1", 3, 4, 3), weights("w2", 2, 3 * 27)]
    graph = helper.make_graph(
        nodes,
        "student",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 128])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def before(model: onnx.ModelProto, *nodes: onnx.NodeProto, constants: dict[str, np.ndarray] | None = None) -> None:
    """Put nodes in front of the head; the last one's output is what the flatten reads."""
    model.graph.node[3].input[0] = nodes[-1].output[0]
    kept = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*kept[:3], *nodes, *kept[3:]])
    model.graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in (constants or {}).items())


def node(op: str, *inputs: str, **attributes) -> onnx.NodeProto:
    return helper.make_node(op, list(inputs), ["made"], f"a {op}", **attributes)


def attribute(position: int, **changed) -> Callable:
    def edit(model: onnx.ModelProto) -> None:
        for name, value in changed.items():
            kept = [entry for entry in model.graph.node[position].attribute if entry.name != name]
            del model.graph.node[position].attribute[:]
            model.graph.node[position].attribute.extend([*kept, helper.make_attribute(name, value)])

    return edit


def tensor(index: int, **fields) -> Callable:
    """Overwrite fields of an initialiser."""

    def edit(model: onnx.ModelProto) -> None:
        record = model.graph.initializer[index]
        for name, value in fields.items():
            if name == "dims":
                record.dims[:] = value
            else:
                setattr(record, name, value)

    return edit


def outside(location: str, offset: int = 0, length: int = 96) -> Callable:
    def edit(model: onnx.ModelProto) -> None:
        record = model.graph.initializer[2]
        record.ClearField("raw_data")
        record.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", str(offset)), ("length", str(length))):
            record.external_data.add(key=key, value=value)

    return edit


def values(index: int, value: float) -> Callable:
    def edit(model: onnx.ModelProto) -> None:
        record = model.graph.initializer[index]
        record.CopyFrom(numpy_helper.from_array(np.full(tuple(record.dims), value, np.float32), record.name))

    return edit


def added(op: str, *inputs: str, constants: dict[str, np.ndarray] | None = None, **attributes) -> Callable:
    return lambda model: before(model, node(op, *inputs, **attributes), constants=constants)


def grown(op: str, count: int, shape: list[int]) -> Callable:
    """A constant that would grow without end, added to what is heard."""

    def edit(model: onnx.ModelProto) -> None:
        nodes = [helper.make_node("ConstantOfShape", ["sizes"], ["grown0"])]
        for step in range(count):
            inputs = [f"grown{step}"] * 2
            nodes.append(helper.make_node(op, inputs, [f"grown{step + 1}"], **({"axis": 0} if op == "Concat" else {})))
        nodes.append(helper.make_node("Add", ["c1", f"grown{count}"], ["made"]))
        before(model, *nodes, constants={"sizes": np.array(shape, np.int64)})

    return edit


def nested(depth: int) -> Callable:
    def edit(model: onnx.ModelProto) -> None:
        inner = helper.make_graph([helper.make_node("Identity", ["c1"], ["z0"])], "inner", [], [info("z0")])
        for level in range(depth):
            both = {"then_branch": inner, "else_branch": inner} if level % 2 == 0 else {"then_branch": inner}
            made = helper.make_node("If", ["yes"], [f"z{level + 1}"], **both)
            inner = helper.make_graph([made], "inner", [], [info(f"z{level + 1}")])
        before(model, helper.make_node("If", ["yes"], ["made"], then_branch=inner, else_branch=inner))
        model.graph.initializer.append(numpy_helper.from_array(np.array([True]), "yes"))

    return edit


def info(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)


def quantised(scale: np.ndarray | None) -> Callable:
    """A QuantizeLinear and DequantizeLinear with this scale, or with none at all."""

    def edit(model: onnx.ModelProto) -> None:
        names = ["s", "z"] if scale is not None else ["missing", "z"]
        pair = [
            helper.make_node("QuantizeLinear", ["c1", *names], ["codes"]),
            helper.make_node("DequantizeLinear", ["codes", *names], ["made"]),
        ]
        constants = {"z": np.array(0, np.int8)} | ({} if scale is None else {"s": scale})
        before(model, *pair, constants=constants)

    return edit


def opset(*versions: int) -> Callable:
    def edit(model: onnx.ModelProto) -> None:
        del model.opset_import[:]
        model.opset_import.extend(helper.make_opsetid("", version) for version in versions)

    return edit


def shaped(*dims: object) -> Callable:
    def edit(model: onnx.ModelProto) -> None:
        model.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", TensorProto.FLOAT, list(dims)))

    return edit


def cyclic(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[0] = "c1"


def twice(model: onnx.ModelProto) -> None:
    model.graph.node[2].output[0] = "c0"


def crowded(model: onnx.ModelProto) -> None:
    before(
        model, *[helper.make_node("Identity", [f"i{step}" if step else "c1"], [f"i{step + 1}"]) for step in range(5000)]
    )


ONNX_EDITS: dict[str, Callable] = {
    "cyclic": cyclic,
    "made twice": twice,
    "5000 nodes": crowded,
    "reads nothing": lambda model: model.graph.node[0].input.__setitem__(0, "nowhere"),
    "no output": lambda model: model.graph.node[1].output.__delitem__(0),
    "output of nothing": lambda model: setattr(model.graph.output[0], "name", "nowhere"),
    "no graph": lambda model: model.ClearField("graph"),
    "no nodes": lambda model: model.graph.ClearField("node"),
    "no opset": opset(),
    "opset 0": opset(0),
    "opset 999": opset(999),
    "two opsets": opset(17, 18),
    "no input": lambda model: model.graph.ClearField("input"),
    "two inputs": lambda model: model.graph.input.append(info("other")),
    "two outputs": lambda model: model.graph.output.append(info("c1")),
    "open window": shaped(1, 1, "time"),
    "huge window": shaped(1, 1, HUGE),
    "two channels in": shaped(1, 2, 128),
    "batch of eight": shaped(8, 1, 128),
    "no rank": shaped(),
    "huge dims": tensor(0, dims=[HUGE, HUGE, HUGE]),
    "negative dims": tensor(0, dims=[-4, 1, 8]),
    "many dims": tensor(0, dims=[1] * 60),
    "short weights": tensor(0, dims=[4, 1, 800]),
    "unknown type": tensor(0, data_type=77),
    "strings": tensor(0, data_type=TensorProto.STRING),
    "complex": tensor(0, data_type=TensorProto.COMPLEX64, dims=[4, 1, 4]),
    "weights in the system": outside("/etc/passwd"),
    "weights above": outside("../weights.bin"),
    "weights missing": outside("missing.bin"),
    "weights beyond": outside("weights.bin", 1 << 62),
    "weights of no end": outside("weights.bin", 0, 1 << 62),
    "weights before": outside("weights.bin", -1),
    "weights are not numbers": values(0, float("nan")),
    "weights are infinite": values(2, float("inf")),
    "weights overflow": values(3, 3e38),
    "stride 0": attribute(0, strides=[0]),
    "stride of a word": attribute(0, strides="four"),
    "two strides": attribute(0, strides=[1, 1]),
    "huge stride": attribute(0, strides=[1 << 60]),
    "dilation -1": attribute(2, dilations=[-1]),
    "huge dilation": attribute(2, dilations=[1 << 62]),
    "huge pads": attribute(0, pads=[1 << 40, 0]),
    "pads of a word": attribute(0, auto_pad="SOMEWHERE"),
    "padded": attribute(2, pads=[2, 2]),
    "group 0": attribute(0, group=0),
    "group 7": attribute(2, group=7),
    "alpha is a tensor": attribute(4, alpha=numpy_helper.from_array(np.zeros(3, np.float32))),
    "transposed": attribute(4, transB=0),
    "unknown operator": added("Frobnicate", "c1"),
    "another domain": added("Custom", "c1", domain="evil.example"),
    "LSTM": added("LSTM", "c1", "w1", "w1", hidden_size=3),
    "loop": added("Loop", "c1", body=helper.make_graph([], "body", [], [])),
    "nested": nested(3),
    "nested deeper": nested(18),
    "softmax": added("Softmax", "c1"),
    "product": added("MatMul", "c1", "c1"),
    "slice of nothing": added("Slice", "c1", "s", "e", constants={"s": np.array([9]), "e": np.array([9])}),
    "slice of no axis": added(
        "Slice", "c1", "s", "e", "a", constants={"s": np.array([0]), "e": np.array([9]), "a": np.array([77])}
    ),
    "slice without end": added("Slice", "c1"),
    "reshape to no end": added("Reshape", "c1", "s", constants={"s": np.array([HUGE, HUGE])}),
    "reshape to two unknowns": added("Reshape", "c1", "s", constants={"s": np.array([-1, -1])}),
    "wrong permutation": added("Transpose", "c1", perm=[0, 0, 9]),
    "squeeze of frames": added("Squeeze", "c1", "a", constants={"a": np.array([2])}),
    "expand to no end": added("Expand", "c1", "s", constants={"s": np.array([HUGE, 3, 27])}),
    "gather beyond": added("Gather", "c1", "i", constants={"i": np.array(99)}, axis=2),
    "pads of no end": added("Pad", "c1", "p", constants={"p": np.array([0, 0, HUGE, 0, 0, 0])}),
    "constant of no end": grown("Add", 0, [HUGE]),
    "constants that double": grown("Concat", 40, [1024]),
    "sums of large constants": grown("Add", 60, [1 << 22]),
    "scale 0": quantised(np.array(0, np.float32)),
    "scale -1": quantised(np.array(-1, np.float32)),
    "scale is no number": quantised(np.array(np.nan, np.float32)),
    "scales of channels": quantised(np.ones(3, np.float32)),
    "scale missing": quantised(None),
    "one scale alone": quantised(np.array(0.1, np.float32)),
}


def onnx_files(folder: Path) -> None:
    for name, edit in ONNX_EDITS.items():
        model = sound()
        edit(model)
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    whole = sound().SerializeToString()
    for share in (0.0, 0.02, 0.1, 0.3, 0.6, 0.9, 0.99):
        (folder / f"cut at {share}.onnx").write_bytes(whole[: int(share * len(whole))])
    for position in range(6):  # the first bytes are lengths and kinds of fields
        flipped = bytearray(whole)
        flipped[position + 12] ^= 0x55
        (folder / f"flipped {position}.onnx").write_bytes(flipped)
    (folder / "words.onnx").write_text("a letter, no model\n" * 99)
    (folder / "weights.bin").write_bytes(bytes(96))


def tflite_files(folder: Path) -> None:
    (folder / "sound.onnx").write_bytes(sound().SerializeToString())
    graph = lower(frontend.load(folder / "sound.onnx"), StudentSpec(name="x", lookahead=0, controls=CONTROLS))
    (folder / "sound.onnx").unlink()
    waveform = np.random.default_rng(1).uniform(-1, 1, 4000).astype(np.float32)
    whole = tflite_file.pack(FloatStudent(graph, [waveform]).int8(pair_safe=False))
    for share in (0.0, 0.02, 0.2, 0.5, 0.8, 0.99):
        (folder / f"cut at {share}.tflite").write_bytes(whole[: int(share * len(whole))])
    for word in (0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        for position in (0, 16):  # where the root is, and an offset in its table
            damaged = bytearray(whole)
            struct.pack_into("<I", damaged, position, word)
            (folder / f"{word:x} at {position}.tflite").write_bytes(damaged)
    (folder / "only a name.tflite").write_bytes(b"\x20\0\0\0TFL3" + bytes(64))


def keras_files(folder: Path, student: Path) -> None:
    whole = student.read_bytes()
    for share in (0.0, 0.2, 0.7, 0.99):
        (folder / f"cut at {share}.keras").write_bytes(whole[: int(share * len(whole))])
    with zipfile.ZipFile(student) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    weights = bytearray(parts["model.weights.h5"])
    edits = {
        "a list": (b"[1, 2]", None),
        "deep": (b"[" * 100000 + b"]" * 100000, None),
        "no layers": (json.dumps(config | {"config": {}}).encode(), None),
        "lambda": (parts["config.json"].replace(b"Conv1D", b"Lambda"), None),
        "code": (parts["config.json"].replace(b'"keras.layers"', b'"os"'), None),
        "GRU": (parts["config.json"].replace(b"Conv1D", b"GRU"), None),
        "weights cut": (parts["config.json"], bytes(weights[: len(weights) // 2])),
        "weights of words": (parts["config.json"], b"no HDF5 at all"),
    }
    for name, (text, data) in edits.items():
        with zipfile.ZipFile(folder / f"{name}.keras", "w") as archive:
            archive.writestr("metadata.json", parts["metadata.json"])
            archive.writestr("config.json", text)
            archive.writestr("model.weights.h5", bytes(weights) if data is None else data)
    with zipfile.ZipFile(folder / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", parts["config.json"])
        archive.writestr("model.weights.h5", bytes(300 << 20))


@pytest.fixture(scope="module")
def verdicts(small_student, tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "student.toml").write_text('name = "x"\nlookahead = 0\ncontrols = ["a", "b"]\n')
    onnx_files(folder)
    tflite_files(folder)
    keras_files(folder, small_student)
    result = subprocess.run([sys.executable, RUNNER, folder], capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_there_are_a_hundred_of_them(verdicts):
    assert len(verdicts) > 100


def test_each_ends_in_one_line_within_its_limits(verdicts):
    """A child that passes 2 s or 1 GiB is ended by a signal, or ends in a traceback."""
    wrong = [verdict for verdict in verdicts if verdict["code"] != 2 or not _is_one_line(verdict)]
    assert wrong == []


def test_nothing_is_written(verdicts):
    assert [verdict for verdict in verdicts if verdict["left"]] == []


def _is_one_line(verdict: dict) -> bool:
    lines = [line for line in verdict["said"].splitlines() if line.startswith("facelite")]
    return len(lines) == 1 and verdict["said"].splitlines()[-1:] == lines and "Traceback" not in verdict["said"]
