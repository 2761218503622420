"""Padding inside the window: refused by name, or converted without a stream when that is asked for."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from facelite import BadInput, FaceliteError, Unsupported
from facelite.converters import windowed
from facelite.converters.backends import keras_model
from facelite.converters.bundle import convert
from facelite.converters.frontends import onnx as onnx_frontend
from facelite.converters.passes import normalise
from torch import nn

SPEC = 'name = "padded"\nlookahead = 100\ncontrols = ["a", "b"]\n'
FILES = {"report.json", "student.onnx", "student_int8.tflite"}


class Padded(nn.Module):
    """A residual net that keeps its length by zero padding, as most do."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.front = nn.Conv1d(1, 6, 16, 8)
        self.norm = nn.BatchNorm1d(6)
        self.same = nn.Conv1d(6, 6, 3, padding=2, dilation=2)
        self.head = nn.Linear(6, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.leaky_relu(self.norm(self.front(nn.functional.pad(x, (5, 3)))), 0.1)
        x = torch.relu(x + self.same(x))
        return torch.sigmoid(self.head(x.mean(2)))


@pytest.fixture(scope="module")
def padded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("padded")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Padded().eval(), (torch.zeros(1, 1, 512),), folder / "student.onnx", dynamo=False)
    (folder / "student.toml").write_text(SPEC)
    return folder / "student.onnx"


@pytest.fixture(scope="module")
def padded_keras(tmp_path_factory) -> Path:
    import keras
    from keras import layers

    keras.utils.set_random_seed(4)
    stack = [
        layers.Conv1D(4, 8, 4, "causal", name="past"),
        layers.ReLU(),
        layers.Conv1D(4, 3, padding="same", name="both"),
    ]
    folder = tmp_path_factory.mktemp("padded_keras")
    keras.Sequential([keras.Input((256, 1)), *stack, layers.Flatten(), layers.Dense(2)]).save(folder / "student.keras")
    (folder / "student.toml").write_text(SPEC)
    return folder / "student.keras"


def test_each_padding_is_named_and_refused(padded, tmp_path):
    with pytest.raises(Unsupported, match=r"2 operators .*5 \+ 3 zero frames.*2 \+ 2 zero frames.*--windowed-only"):
        convert(padded, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_keras_layers_that_pad_are_named_and_refused(padded_keras, tmp_path):
    with pytest.raises(Unsupported, match=r"2 layers .*past .*'causal'.*both .*'same'.*--windowed-only"):
        convert(padded_keras, tmp_path / "out")


@pytest.mark.parametrize("name", ["padded", "padded_keras"])
def test_windowed_only_gives_tflite_and_onnx_and_says_so(name, request, litert, signals, tmp_path):
    source = request.getfixturevalue(name)
    report = convert(source, tmp_path / "out", windowed_only=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    written = json.loads((tmp_path / "out" / "report.json").read_text())
    assert written == report
    assert written["windowed_only"]
    assert "no stream" in written["about"] or "no blob" in written["about"]
    assert written["int8"]["cosine"] > 0.99
    model = litert((tmp_path / "out" / "student_int8.tflite").read_bytes())
    assert model.inputs[0]["quantization"] == (np.float32(1 / 127), 0)


def test_windowed_onnx_gives_what_pytorch_gives(padded, litert, signals, tmp_path):
    import onnxruntime

    convert(padded, tmp_path / "out", windowed_only=True)
    session = onnxruntime.InferenceSession(tmp_path / "out" / "student.onnx", providers=["CPUExecutionProvider"])
    model = litert((tmp_path / "out" / "student_int8.tflite").read_bytes())
    scale, zero_point = model.output["quantization"]
    for start in range(0, 40000, 8000):
        codes = signals["speech"][start : start + 512]
        window = codes.astype(np.float32) / np.float32(127)
        with torch.no_grad():
            expected = Padded().eval()(torch.from_numpy(window).reshape(1, 1, -1)).numpy().ravel()
        (found,) = session.run(["controls"], {"waveform": window.reshape(1, -1, 1)})
        assert np.abs(found - expected).max() < 1e-5
        assert np.abs((model(codes).ravel().astype(int) - zero_point) * scale - expected).max() < 0.02


def test_a_streaming_bundle_is_not_overwritten(padded, small_bundle):
    before = sorted(path.stat().st_mtime_ns for path in small_bundle.iterdir())
    with pytest.raises(BadInput, match=r"student\.facelite.*another folder"):
        convert(padded, small_bundle, windowed_only=True)
    assert sorted(path.stat().st_mtime_ns for path in small_bundle.iterdir()) == before


def test_other_offenders_are_refused_even_so(tmp_path):
    class Attends(Padded):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.same(self.front(x))
            return self.head((x @ torch.softmax(x.transpose(1, 2) @ x, -1)).mean(2))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Attends().eval(), (torch.zeros(1, 1, 512),), tmp_path / "student.onnx", dynamo=False)
    (tmp_path / "student.toml").write_text(SPEC)
    with pytest.raises(Unsupported, match=r"Softmax"):
        convert(tmp_path / "student.onnx", tmp_path / "out", windowed_only=True)


class Cropped(nn.Module):
    """Pads, crops the newest frames, and maps what is left; `end` says how it reads that."""

    def __init__(self, end: str) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.front, self.norm = nn.Conv1d(1, 8, 64, 64, padding=16), nn.BatchNorm1d(8)
        self.norm.running_mean.uniform_(-0.3, 0.3)
        self.norm.running_var.uniform_(0.01, 0.05)
        nn.init.normal_(self.norm.bias)
        self.inner, self.head, self.end = nn.Conv1d(8, 8, 3), nn.Linear(8, 2), end
        self.last = nn.Conv1d(8, 2, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.front(x)
        if self.end == "batch norm":
            x = nn.functional.leaky_relu(self.norm(torch.relu(x)[:, :, :-9]), 0.1)
            return self.head(self.inner(x)[:, :, -3:].mean(2))
        if self.end == "batch norm alone":
            x = self.norm(torch.relu(x)[:, :, 4:-9])
            return self.head((x[:, :, 2:] + x[:, :, :-2])[:, :, -5:].mean(2))
        if self.end == "pointwise":
            return self.head(nn.functional.leaky_relu(x[:, :, :-9], 0.1)[:, :, -1])
        return torch.sigmoid(self.last(torch.tanh(x[:, :, :-9])))[:, :, -1]


@pytest.mark.parametrize("end", ["batch norm", "batch norm alone", "pointwise", "newest frame"])
def test_a_crop_before_a_map_is_a_crop_once(end, tmp_path):
    model = Cropped(end).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.zeros(1, 1, 2048),), tmp_path / "student.onnx", dynamo=False)
    (tmp_path / "student.toml").write_text(SPEC)
    built = keras_model.build(normalise(onnx_frontend.load(tmp_path / "student.onnx"), windowed_only=True))
    window = np.random.default_rng(1).uniform(-1, 1, 2048).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(window).reshape(1, 1, -1)).numpy().ravel()
    assert np.abs(np.asarray(built(window[None, :, None])).ravel() - expected).max() < 1e-5
    assert convert(tmp_path / "student.onnx", tmp_path / "out", windowed_only=True)["int8"]["snr_db"] > 20


def test_a_square_sum_of_two_orders_is_refused(tmp_path):
    class Square(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.front, self.head = nn.Conv1d(1, 16, 32, 32), nn.Linear(256, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.front(x)
            return self.head((x + x.transpose(1, 2)).flatten(1))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Square().eval(), (torch.zeros(1, 1, 512),), tmp_path / "student.onnx", dynamo=False)
    (tmp_path / "student.toml").write_text(SPEC)
    for windowed_only in (False, True):
        with pytest.raises(Unsupported, match="its two sides lie in different orders"):
            convert(tmp_path / "student.onnx", tmp_path / "out", windowed_only=windowed_only)


def _wrong_by(model, addend: float):
    import keras

    waveform = keras.Input(model.input_shape[1:])
    return keras.Model(waveform, keras.layers.Rescaling(1.0, addend)(model(waveform)))


@pytest.mark.parametrize("name", ["padded", "padded_keras"])
def test_what_is_quantised_is_held_against_the_file(name, request, monkeypatch, tmp_path):
    build, export = keras_model.build, windowed.onnx.from_keras
    monkeypatch.setattr(keras_model, "build", lambda network: _wrong_by(build(network), 0.01))
    monkeypatch.setattr(windowed.onnx, "from_keras", lambda model, name: export(_wrong_by(model, 0.01), name))
    with pytest.raises(FaceliteError, match=r"differs from the file's own runtime by 0\.01; report this"):
        convert(request.getfixturevalue(name), tmp_path / "out", windowed_only=True)
    assert not (tmp_path / "out").exists()


def test_answers_that_are_not_finite_are_refused(tmp_path):
    model = Padded().eval()
    model.head = nn.Sequential(model.head, nn.Linear(2, 2))
    for values in (model.head[0].weight.data, model.head[0].bias.data, model.head[1].weight.data):
        values.fill_(3e38)
    model.head[1].weight.data[:, 0] *= -1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.zeros(1, 1, 512),), tmp_path / "student.onnx", dynamo=False)
    (tmp_path / "student.toml").write_text(SPEC)
    with pytest.raises(BadInput, match="not finite"):
        convert(tmp_path / "student.onnx", tmp_path / "out", windowed_only=True)
