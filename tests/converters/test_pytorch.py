"""Held-out PyTorch students, exported by PyTorch itself: float as PyTorch, int8 the same bits on every runtime."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from facelite import BadInput, Unsupported, _kernel, companding, reference
from facelite.converters.backends import blob, tflite_file
from facelite.converters.bundle import convert
from facelite.converters.frontends import onnx as frontend
from facelite.converters.frontends import tflite as tflite_frontend
from facelite.converters.lower import lower
from facelite.converters.recipes import FloatStudent
from facelite.graph import Conv, Graph
from facelite.spec import StudentSpec
from torch import nn

HEADS = ("flatten", "pool", "conv", "newest", "mean", "frames")
LAYOUTS = ("channels first", "channels last", "flat")
HOPS = 8


class Residual(nn.Module):
    """A dilated convolution beside its input, cropped to what is left of it."""

    def __init__(self, channels: int, kernel: int, dilation: int, newest: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, kernel, dilation=dilation)
        self.norm = nn.BatchNorm1d(channels)
        lost = (kernel - 1) * dilation
        self.newest = min(newest, lost)
        self.oldest = lost - self.newest

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        beside = x[:, :, self.oldest : x.shape[2] - self.newest]
        return torch.relu(self.norm(self.conv(x)) + beside)


class Student(nn.Module):
    """A random stack of what students are made of, in a random layout, with one of six ends."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        rng = np.random.default_rng(seed)
        torch.manual_seed(seed)
        self.window = int(rng.integers(300, 900))
        self.layout, self.head = LAYOUTS[seed % 3], HEADS[seed % len(HEADS)]
        self.layers, channels = nn.Sequential(), 1
        for depth in range(int(rng.integers(2, 6))):
            frames = self._frames()
            for module in _block(rng, channels, frames, first=depth == 0):
                self.layers.append(module)
            channels = self._sizes()[1]
        self.controls = int(rng.integers(2, 12))
        frames, channels = self._frames(), self._sizes()[1]
        self.last = nn.Conv1d(channels, self.controls, frames) if self.head == "conv" else nn.Linear(
            channels * frames if self.head == "flatten" else channels, self.controls
        )  # fmt: skip
        self.pool = nn.AdaptiveAvgPool1d(1)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                _enliven(module)
        self.eval()

    def _sizes(self) -> tuple[int, ...]:
        self.layers.eval()
        with torch.no_grad():
            return tuple(self.layers(torch.zeros(1, 1, self.window)).shape)

    def _frames(self) -> int:
        return self._sizes()[2]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.layout == "channels last":
            x = x.transpose(1, 2)
        elif self.layout == "flat":
            x = x.unsqueeze(1)
        x = self.layers(x)
        if self.head == "conv":
            return torch.relu(self.last(x).squeeze(2))
        if self.head == "flatten":
            return torch.sigmoid(self.last(x.flatten(1)))
        if self.head == "pool":
            return self.last(self.pool(x).squeeze(-1))
        if self.head == "newest":
            return torch.tanh(self.last(x[:, :, -1]))
        if self.head == "mean":
            return self.last(x.mean(2))
        return torch.relu(self.last(x.transpose(1, 2))).mean(1)

    def example(self) -> torch.Tensor:
        """An input of the right shape."""
        shapes = {"channels first": (1, 1, -1), "channels last": (1, -1, 1), "flat": (1, -1)}
        return torch.zeros(self.window).reshape(shapes[self.layout])


def _block(rng: np.random.Generator, channels: int, frames: int, first: bool) -> list[nn.Module]:
    """One layer: a convolution with or without weight norm and batch norm, a residual, or a pool."""
    kind = "conv" if first or frames < 24 else str(rng.choice(["conv", "conv", "residual", "pool", "grouped"]))
    if kind == "residual":
        return [Residual(channels, int(rng.integers(2, 5)), int(rng.integers(1, 4)), int(rng.integers(0, 3)))]
    if kind == "pool":
        return [nn.AvgPool1d(2, int(rng.integers(1, 3)))]
    if kind == "grouped":
        return [nn.Conv1d(channels, channels, 3, groups=channels), nn.LeakyReLU(0.2)]
    kernel = int(rng.integers(1, min(frames, 24 if first else 5) + 1))
    stride = int(rng.integers(2, 6)) if first else int(rng.choice([1, 1, 2]))
    dilation = int(rng.integers(1, 4)) if not first and (kernel - 1) * 3 < frames else 1
    width = int(rng.integers(3, 30))
    conv: nn.Module = nn.Conv1d(channels, width, kernel, stride, dilation=dilation, bias=bool(rng.random() < 0.8))
    if rng.random() < 0.3:
        conv = nn.utils.parametrizations.weight_norm(conv)
    activation = [nn.ReLU(), nn.LeakyReLU(0.1), nn.ReLU6(), nn.Tanh(), nn.Hardtanh(), nn.PReLU()][rng.integers(6)]
    order = rng.integers(3)
    if order == 0:
        return [conv, activation]
    return [conv, nn.BatchNorm1d(width), activation] if order == 1 else [conv, activation, nn.BatchNorm1d(width)]


def _enliven(norm: nn.BatchNorm1d) -> None:
    for values, low, high in (
        (norm.running_mean, -0.2, 0.2),
        (norm.running_var, 0.2, 1.5),
        (norm.weight.data, 0.5, 1.5),
        (norm.bias.data, -0.5, 0.5),
    ):
        values.uniform_(low, high)


def export(model: nn.Module, example: torch.Tensor, path: Path, dynamo: bool = False) -> Path:
    """The ONNX file that PyTorch writes."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        extra: dict[str, Any] = {"verbose": False} if dynamo else {"dynamic_axes": {"x": {0: "n"}}}
        torch.onnx.export(model, (example,), path, dynamo=dynamo, input_names=["x"], **extra)
    return path


def graph_of(path: Path, controls: int) -> Graph:
    names = [f"c{index}" for index in range(controls)]
    return lower(frontend.load(path), StudentSpec(name="torch", lookahead=0, controls=names))


STUDENTS = [(seed, False) for seed in range(30)] + [(seed, True) for seed in range(100, 104)]


@pytest.mark.parametrize(("seed", "dynamo"), STUDENTS)
def test_float_as_pytorch_and_int8_the_same_everywhere(seed, dynamo, signals, litert, tmp_path):
    model = Student(seed)
    graph = graph_of(export(model, model.example(), tmp_path / "student.onnx", dynamo), model.controls)
    assert graph.window == model.window
    speech = companding.decode(signals["speech"])
    for start in range(0, 40000, 7777):
        window = speech[start : start + model.window]
        with torch.no_grad():
            expected = model(torch.from_numpy(window).reshape(model.example().shape)).numpy().ravel()
        assert np.abs(reference.run_window(graph, window) - expected).max() < 1e-5
    assert all(op.weight.dtype == np.float32 for op in graph.ops if isinstance(op, Conv))
    _check_int8(graph, signals, litert, tmp_path)


def _check_int8(graph: Graph, signals, litert, folder: Path) -> None:
    heard = [companding.decode(signals["speech"]), companding.decode(signals["quiet speech"])]
    quantised = FloatStudent(graph, heard).int8(pair_safe=True)
    model = tflite_file.pack(quantised)
    (folder / "student.tflite").write_bytes(model)
    spec = StudentSpec(name="torch", lookahead=0, controls=list(graph.controls))
    kept = lower(tflite_frontend.load(folder / "student.tflite"), spec)
    assert [op.name for op in kept.ops] == [op.name.replace("/", ".") for op in graph.ops]
    runs = litert(model)
    for codes in signals.values():
        heard = np.concatenate([np.zeros(kept.window, np.int8), codes[: HOPS * kept.hop]])
        stream = reference.run(kept, heard)[-1][-HOPS:]
        assert np.array_equal(runs(heard[-kept.window :]).ravel(), stream[-1])
        for tier in _kernel.isa_available():
            _kernel.isa_force(tier)
            compiled = _kernel.Model(blob.pack(kept))
            _kernel.isa_force(None)
            assert np.array_equal(_kernel.Stream(compiled).step_codes(codes[: HOPS * kept.hop]), stream), tier
    window = signals["speech"][20000 : 20000 + graph.window]
    real = reference.dequantise(kept, reference.run_window(kept, window))
    exact = reference.run_window(graph, companding.decode(window))
    assert np.abs(real - exact).max() < 0.15 * max(1.0, np.abs(exact).max())


def test_the_random_students_cover_what_is_promised():
    students = [Student(seed) for seed, _ in STUDENTS]
    kinds = {type(module) for student in students for module in student.modules()}
    assert kinds >= {nn.Conv1d, nn.Linear, nn.BatchNorm1d, Residual, nn.AvgPool1d, nn.LeakyReLU, nn.PReLU, nn.Hardtanh}
    assert any("parametrizations" in name for student in students for name, _ in student.named_parameters())
    assert {(student.layout, student.head) for student in students} >= {(a, b) for a in LAYOUTS[:1] for b in HEADS[::3]}
    assert {student.head for student in students} == set(HEADS)


@pytest.mark.parametrize("dynamo", [False, True])
def test_an_exported_student_becomes_a_proved_bundle(dynamo, tmp_path):
    model = Student(7)
    export(model, model.example(), tmp_path / "student.onnx", dynamo)
    controls = ", ".join(f'"c{index}"' for index in range(model.controls))
    (tmp_path / "student.toml").write_text(f'name = "torch"\nlookahead = 64\ncontrols = [{controls}]\n')
    facts = convert(tmp_path / "student.onnx", tmp_path / "out")
    assert facts["proof"]["holds"]
    import onnxruntime

    session = onnxruntime.InferenceSession(tmp_path / "out" / "student.onnx", providers=["CPUExecutionProvider"])
    window = np.random.default_rng(3).uniform(-1, 1, (1, model.window, 1)).astype(np.float32)
    (found,) = session.run(["controls"], {"waveform": window})
    with torch.no_grad():
        expected = model(torch.from_numpy(window).reshape(model.example().shape)).numpy()
    assert np.abs(found - expected).max() < 1e-5


class Limited(nn.Module):
    """A convolution limited in one of the ways that PyTorch has, and a head."""

    def __init__(self, limit: str) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.front, self.head, self.limit = nn.Conv1d(1, 8, 16, 16), nn.Linear(8, 2), LIMITS[limit]
        self.front.weight.data *= 8

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.limit(self.front(x)).mean(2))


LIMITS = {
    "clamp min": lambda x: torch.clamp(x, min=0),
    "clamp to infinity": lambda x: torch.clamp(x, 0.0, float("inf")),
    "clamp 0 to 1": lambda x: torch.clamp(x, 0, 1),
    "clamp min, clamp max": lambda x: x.clamp(min=0).clamp(max=1),
    "relu, clamp max": lambda x: torch.relu(x).clamp(max=6),
    "maximum": lambda x: torch.maximum(torch.zeros(()), x),
}


@pytest.mark.parametrize("dynamo", [False, True])
@pytest.mark.parametrize("limit", LIMITS)
def test_limits_are_those_of_pytorch(limit, dynamo, signals, litert, tmp_path):
    model = Limited(limit).eval()
    graph = graph_of(export(model, torch.zeros(1, 1, 512), tmp_path / "student.onnx", dynamo), 2)
    assert [type(op).__name__ for op in graph.ops] == ["Conv", "Mean", "Conv"]  # the limit is the convolution's own
    window = np.random.default_rng(1).uniform(-1, 1, 512).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(window).reshape(1, 1, -1)).numpy().ravel()
    assert np.abs(reference.run_window(graph, window) - expected).max() < 1e-5
    _check_int8(graph, signals, litert, tmp_path)


@pytest.mark.parametrize("dynamo", [False, True])
@pytest.mark.parametrize(("limit", "problem"), [
    (lambda x: torch.clamp(x, min=0.5), r"limits \[0.5, inf\]; known are"),
    (lambda x: torch.clamp(x, max=6), r"limits \[-inf, 6\]; known are"),
    (lambda x: torch.clamp(x, 0.0, float("nan")), "not a number"),
    (lambda x: torch.maximum(x, x[:, :, :1] * 2), "a maximum of computed tensors"),
    (lambda x: torch.maximum(x, torch.arange(8.0)[:, None]), "a maximum with more than one number"),
])  # fmt: skip
def test_limits_of_no_activation_are_refused(limit, problem, dynamo, tmp_path):
    model = Limited("clamp min").eval()
    model.limit = limit
    export(model, torch.zeros(1, 1, 512), tmp_path / "student.onnx", dynamo)
    with pytest.raises(Unsupported, match=problem):
        graph_of(tmp_path / "student.onnx", 2)


def test_branches_of_two_strides_are_no_sum(tmp_path):
    class Scales(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.front, self.coarse, self.head = nn.Conv1d(1, 8, 16, 16), nn.Conv1d(8, 8, 4, 4), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.front(x)
            return self.head(x.mean(2) + self.coarse(x).mean(2))

    export(Scales().eval(), torch.zeros(1, 1, 512), tmp_path / "student.onnx")
    sides = r"\[1, 8\], which steps by 16 samples and .* \[1, 8\], which steps by 64 samples"
    with pytest.raises(BadInput, match=rf"{sides}.*sum branches of one stride, or pool the finer to the coarser's"):
        graph_of(tmp_path / "student.onnx", 2)


def test_softmax_is_called_softmax(tmp_path):
    model = nn.Sequential(nn.Conv1d(1, 8, 16, 16), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Softmax(1)).eval()
    export(model, torch.zeros(1, 1, 512), tmp_path / "student.onnx")
    with pytest.raises(Unsupported, match="softmax, as in attention"):
        graph_of(tmp_path / "student.onnx", 8)


class Refusals(nn.Module):
    """Three layers that no student can hold, between two that it can."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Conv1d(1, 8, 16, 16)
        self.memory = nn.GRU(8, 8, batch_first=True)
        self.same = nn.Conv1d(8, 8, 3, padding=1)
        self.gelu = nn.GELU()
        self.head = nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.front(x)
        x = self.memory(x.transpose(1, 2))[0].transpose(1, 2)
        x = self.gelu(self.same(x))
        weights = torch.softmax(x.transpose(1, 2) @ x, dim=-1)
        return self.head((x @ weights).mean(2))


def test_every_offender_is_named_in_one_line(tmp_path):
    export(Refusals().eval(), torch.zeros(1, 1, 256), tmp_path / "refused.onnx")
    with pytest.raises(Unsupported) as refused:
        graph_of(tmp_path / "refused.onnx", 2)
    text = str(refused.value)
    assert "\n" not in text
    for word in ("GRU", "recurrence", "same", "padding", "Gelu", "Softmax", "attention", "[1, 8, 16]", "supported:"):
        assert word in text, word
