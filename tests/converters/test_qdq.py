"""int8 ONNX, as ONNX Runtime's quantiser and tf2onnx write it: scales kept, one arithmetic everywhere."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from facelite import Unsupported, _kernel, companding, reference
from facelite.converters.backends import blob, onnx_qdq, tflite, tflite_file
from facelite.converters.bundle import convert
from facelite.converters.frontends import onnx as frontend
from facelite.converters.frontends import tflite as tflite_frontend
from facelite.converters.lower import lower
from facelite.converters.qdq_check import against_oracle
from facelite.graph import Conv, Graph
from facelite.spec import StudentSpec
from torch import nn

WINDOW = 512
SPEC = StudentSpec(name="qdq", lookahead=0, controls=["a", "b", "c"])


class Net(nn.Module):
    """Every operator that has an int8 form, in PyTorch."""

    def __init__(self, head: str) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.front = nn.Conv1d(1, 6, 16, 4)
        self.dilated = nn.Conv1d(6, 6, 3, dilation=2)
        self.leaky = nn.LeakyReLU(0.1)
        self.head = head
        self.pooled = nn.Linear(6, 3)
        self.flat = nn.Linear(6 * 121, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.front(x))
        x = self.leaky(self.dilated(x) + x[:, :, 4:])
        if self.head == "pool":
            return torch.sigmoid(self.pooled(nn.functional.adaptive_avg_pool1d(x, 1).flatten(1)))
        return torch.tanh(self.flat(x.flatten(1)))


@pytest.fixture(scope="module")
def quantised(tmp_path_factory, signals):
    """`quantised(head, activations, weights, per_channel)`: a file by ONNX Runtime's quantize_static."""
    from onnxruntime import quantization

    folder = tmp_path_factory.mktemp("qdq")
    windows = [
        (signals["speech"][start : start + WINDOW] / np.float32(127)).reshape(1, 1, -1)
        for start in range(0, 40000, 5000)
    ]

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter([{"x": window} for window in windows])

        def get_next(self) -> dict | None:
            return next(self.left, None)

    def make(head: str, activations: str, weights: str, per_channel: bool) -> Path:
        given, made = folder / f"{head}.onnx", folder / f"{head}{activations}{weights}{per_channel}.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(Net(head).eval(), (torch.zeros(1, 1, WINDOW),), given, dynamo=False, input_names=["x"])
            quantization.quantize_static(
                given,
                made,
                Reader(),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=quantization.QuantType[activations],
                weight_type=quantization.QuantType[weights],
                per_channel=per_channel,
            )
        return made

    return make


def scales_in(path: Path) -> set[tuple[float, int]]:
    """Scale and zero point (as int8) of every QuantizeLinear in a file, by the onnx package alone."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = set()
    for node in graph.node:
        if node.op_type == "QuantizeLinear":
            scale, zero = (constants[name] for name in node.input[1:3])
            found.add((float(scale), int(zero) - (128 if zero.dtype == np.uint8 else 0)))
    return found


@pytest.mark.parametrize("head", ["pool", "flat"])
@pytest.mark.parametrize(("activations", "per_channel"), [("QInt8", True), ("QUInt8", False)])
def test_onnx_runtimes_scales_are_kept(quantised, head, activations, per_channel, signals, litert, tmp_path):
    path = quantised(head, activations, "QInt8", per_channel)
    graph = lower(frontend.load(path), SPEC)
    scales = {(tensor.quant.scale, tensor.quant.zero_point) for tensor in graph.tensors[1:]}
    assert scales - {(1 / 256, -128), (1 / 128, 0)} <= scales_in(path)  # those two are the sigmoid's and the tanh's own
    assert scales_in(path) - {(1 / 256, -128)} <= scales
    model = tflite_file.pack(graph)
    (tmp_path / "written.tflite").write_bytes(model)
    kept = lower(tflite_frontend.load(tmp_path / "written.tflite"), SPEC)
    _check_same(graph, kept)
    runs, step = litert(model), graph.tensors[-1].quant.scale
    for name, codes in signals.items():
        window = codes[4000 : 4000 + WINDOW]
        made = reference.run_window(graph, window)
        assert np.array_equal(runs(window).ravel(), made)
        for tier in _kernel.isa_available():
            _kernel.isa_force(tier)
            compiled = _kernel.Model(blob.pack(kept))
            _kernel.isa_force(None)
            # The stream begins in silence, so that its newest frame sees this window and nothing else.
            heard = np.concatenate([window, np.zeros(-len(window) % graph.hop, np.int8)])
            stream = reference.run(kept, np.concatenate([np.zeros(kept.window, np.int8), heard]))[-1]
            assert np.array_equal(_kernel.Stream(compiled).step_codes(heard), stream[-len(heard) // graph.hop :])
        theirs = run_float(path, window)
        if "speech" in name or name == "silence":  # what it was calibrated for
            assert np.abs(reference.dequantise(graph, made) - theirs).max() <= 3 * step


def run_float(path: Path, window: np.ndarray) -> np.ndarray:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Without it a CPU that has no VNNI adds its products in saturating int16.
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": (window / np.float32(127)).reshape(1, 1, -1)})[0].ravel()


def _check_same(graph: Graph, other: Graph) -> None:
    """The same integers, but for the table that brings codes to the file's own input scale."""
    assert [tensor.quant for tensor in graph.tensors] == [tensor.quant for tensor in other.tensors]
    for op, found in zip(graph.ops, other.ops, strict=True):
        assert type(op) is type(found)
        if isinstance(op, Conv):
            assert np.array_equal(op.weight, found.weight)
            assert np.array_equal(op.bias, found.bias)
            assert np.array_equal(op.weight_scale, found.weight_scale)
            assert (op.stride, op.dilation, op.clamp, op.rounding) == (
                found.stride,
                found.dilation,
                found.clamp,
                found.rounding,
            )


def _by_tf2onnx(file: Path) -> bytes:
    import tf2onnx

    return tf2onnx.convert.from_tflite(str(file), opset=17)[0].SerializeToString()


@pytest.mark.parametrize("seed", range(6))
def test_tf2onnx_gives_back_every_integer_of_a_tflite_file(seed, recipe, keras_student, signals, tmp_path):
    plan = recipe(seed)
    windows = [(signals["speech"][start : start + plan.window] / np.float32(127)) for start in range(0, 30000, 9000)]
    (tmp_path / "student.tflite").write_bytes(tflite.convert(keras_student(plan), windows))
    (tmp_path / "student.onnx").write_bytes(_by_tf2onnx(tmp_path / "student.tflite"))
    spec = StudentSpec(name="x", lookahead=0, controls=[f"c{index}" for index in range(plan.controls)])
    _check_same(
        lower(tflite_frontend.load(tmp_path / "student.tflite"), spec),
        lower(frontend.load(tmp_path / "student.onnx"), spec),
    )


def test_asymmetric_weights_are_refused_by_name(quantised):
    with pytest.raises(Unsupported, match=r"front .*symmetric"):
        lower(frontend.load(quantised("pool", "QUInt8", "QUInt8", False)), SPEC)


def test_a_value_without_a_scale_is_named(quantised, tmp_path):
    import onnx

    model = onnx.load(quantised("pool", "QInt8", "QInt8", True))
    # Its own pair is taken away, as when its operator was left out of quantisation.
    leaky = next(node for node in model.graph.node if node.op_type == "LeakyRelu")
    given = next(
        node for node in model.graph.node if node.op_type == "QuantizeLinear" and node.input[0] == leaky.output[0]
    )
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] == given.output[0]:
            node.op_type, gone = "Identity", node
    del gone.input[1:]
    gone.input[0] = leaky.output[0]
    onnx.save(model, tmp_path / "holes.onnx")
    with pytest.raises(Unsupported, match=r"LeakyRelu.*its output has no int8 scale"):
        lower(frontend.load(tmp_path / "holes.onnx"), SPEC)


def test_a_qdq_file_becomes_a_proved_bundle(quantised, tmp_path):
    (tmp_path / "qdq.toml").write_text('name = "qdq"\nlookahead = 8\ncontrols = ["a", "b", "c"]\n')
    facts = convert(quantised("flat", "QUInt8", "QInt8", True), tmp_path / "out", tmp_path / "qdq.toml")
    assert facts["proof"]["holds"]


@pytest.mark.parametrize("seed", range(12))
def test_the_qdq_file_we_write_is_read_back_to_every_integer_and_runs_in_onnx_runtime(seed, recipe, keras_student,
                                                                                     signals, tmp_path):  # fmt: skip
    """Every operator that a graph can hold; ONNX Runtime's rounding moves some codes, on random weights by several."""
    plan = recipe(seed)
    heard = companding.decode(signals["speech"])
    windows = [heard[start : start + plan.window] for start in range(0, 30000, 9000)]
    (tmp_path / "student.tflite").write_bytes(tflite.convert(keras_student(plan), windows))
    spec = StudentSpec(name="x", lookahead=0, controls=[f"c{index}" for index in range(plan.controls)])
    graph = lower(tflite_frontend.load(tmp_path / "student.tflite"), spec)
    (tmp_path / "student.onnx").write_bytes(onnx_qdq.pack(graph))
    again = lower(frontend.load(tmp_path / "student.onnx"), spec)
    for op, found in zip(graph.ops, again.ops, strict=True):
        if isinstance(op, Conv):
            assert np.array_equal(op.weight, found.weight)
            assert np.array_equal(op.bias, found.bias)
    assert [tensor.quant for tensor in again.tensors] == [tensor.quant for tensor in graph.tensors]
    found = against_oracle(graph, onnx_qdq.pack(graph), heard[:16000])
    assert found["compared"] == 48 * plan.controls
    moved = sum(abs(int(step)) * count for step, count in found["lsb"].items())
    assert moved < 1.5 * found["compared"]
