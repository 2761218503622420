"""Quantised graphs with random weights, whose activations use their whole int8 range on noise."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from facelite import _kernel, reference
from facelite.converters.backends.blob import pack
from facelite.graph import Add, Clamp, Conv, Function, Graph, Map, Mean, Op, Quant, Tensor

ROOT = Path(__file__).parents[2]
WINDOW = 8192


@dataclass
class Builder:
    """Grows a graph operator by operator; each output is calibrated on `noise` run through the part before it."""

    rng: np.random.Generator
    samples: int = WINDOW + 512
    tensors: list[Tensor] = field(default_factory=lambda: [Tensor("wave", 1, 1, Quant(float(np.float32(1 / 127)), 0))])
    ops: list[Op] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.noise = self.rng.integers(-127, 128, self.samples).astype(np.int8)

    @property
    def newest(self) -> int:
        return len(self.ops)

    def conv(
        self,
        channels: int,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        delay: int = 0,
        clamp: Clamp = Clamp.RELU,
        safe: bool = False,
    ) -> int:
        source = self.newest
        in_channels, in_scale = self.tensors[source].channels, self.tensors[source].quant.scale
        limit = 64 if safe else 127
        weight = self.rng.integers(-limit, limit + 1, (channels, kernel, in_channels)).astype(np.int8)
        weight_scale = self.rng.uniform(0.5, 2.0, channels).astype(np.float32) / (limit * np.sqrt(kernel * in_channels))
        bias = np.rint(self.rng.normal(0, 0.1, channels) / (in_scale * weight_scale)).astype(np.int32)
        op = Conv(f"conv{source}", source, weight, bias, stride, dilation, delay, clamp, weight_scale)
        return self._append(op, channels, self.tensors[source].stride * stride)

    def add(self, other: int, other_delay: int = 0, clamp: Clamp = Clamp.NONE) -> int:
        source = self.newest
        op = Add(f"add{source}", source, other, 0, other_delay, clamp)
        return self._append(op, self.tensors[source].channels, self.tensors[source].stride)

    def mean(self, kernel: int) -> int:
        source = self.newest
        return self._append(Mean(f"mean{source}", source, kernel), self.tensors[source].channels, self._stride)

    def map(self, function: Function, alpha: float = 0.0) -> int:
        source = self.newest
        return self._append(Map(f"map{source}", source, function, alpha), self.tensors[source].channels, self._stride)

    def graph(self, lookahead: int = 1024, smoothing: bool = False, window: int | None = None) -> Graph:
        graph = Graph(
            name="random",
            sample_rate=16000,
            window=0,
            lookahead=lookahead,
            controls=tuple(f"control{index}" for index in range(self.tensors[-1].channels)),
            tensors=tuple(self.tensors),
            ops=tuple(self.ops),
            smoothing=smoothing,
        )
        return replace(graph, window=window or max(graph.receptive_field, lookahead, 1))

    @property
    def _stride(self) -> int:
        return self.tensors[-1].stride

    def _append(self, op: Op, channels: int, stride: int) -> int:
        """Calibrates by running the new operator in float on what the int8 graph gives it."""
        self.ops.append(op)
        self.tensors.append(Tensor(op.name, channels, stride, Quant(1.0, 0)))
        low, high = self._range(op)
        scale = np.float32(max(high - low, 1e-3) / 255)
        self.tensors[-1] = replace(
            self.tensors[-1], quant=Quant(float(scale), int(np.clip(np.rint(-128 - low / scale), -128, 127)))
        )
        return self.newest

    def _range(self, op: Op) -> tuple[float, float]:
        before = [self.noise[:, None]]
        if len(self.ops) > 1:
            prefix = replace(self.graph(), tensors=tuple(self.tensors[:-1]), ops=tuple(self.ops[:-1]))
            before = reference.run(prefix, self.noise)
        # A graph of one operator whose inputs are real values: the oracle's float half.
        real = [
            (codes.astype(np.float32) - tensor.quant.zero_point) * np.float32(tensor.quant.scale)
            for codes, tensor in zip(before, self.tensors, strict=False)
        ]
        floats = tuple(replace(tensor, quant=None) for tensor in self.tensors)
        if isinstance(op, Conv):
            weight = op.weight * op.weight_scale[:, None, None]
            bias = op.bias * op.weight_scale * np.float32(self.tensors[op.input].quant.scale)
            op = replace(op, weight=weight.astype(np.float32), bias=bias.astype(np.float32), weight_scale=None)
        graph = replace(self.graph(), tensors=floats)
        values = reference._FLOAT[type(op)](op, graph, real)
        return min(0.0, float(values.min())), max(0.0, float(values.max()))


def tiny_real_time_like(seed: int = 0, safe: bool = False, lookahead: int = 1024, smoothing: bool = True) -> Graph:
    """A graph of the shipped student's shape: hop 256, receptive field 8192, 27 controls."""
    builder = Builder(np.random.default_rng(seed))
    builder.conv(32, 160, 8, safe=safe)
    builder.conv(48, 13, 8, safe=safe)
    builder.conv(64, 3, 2, safe=safe)
    trunk = builder.conv(96, 4, 2, safe=safe)
    for dilation in (1, 2, 4):
        builder.conv(96, 3, dilation=dilation, safe=safe)
        trunk = builder.add(trunk)
    builder.conv(27, 16, safe=safe)
    return builder.graph(lookahead, smoothing, WINDOW)


def zoo(seed: int = 0) -> Graph:
    """Every kind of operator, odd channels, a hop of 24 samples."""
    builder = Builder(np.random.default_rng(seed), samples=1200)
    builder.conv(7, 9, 3)
    builder.map(Function.LEAKY_RELU, 0.1)
    trunk = builder.conv(13, 5, 2, clamp=Clamp.NONE)
    builder.conv(13, 3, dilation=2, delay=1, clamp=Clamp.RELU6)
    builder.add(trunk, other_delay=3, clamp=Clamp.RELU)
    builder.conv(21, 2, 4, clamp=Clamp.RELU_N1_TO_1)
    builder.mean(4)
    builder.map(Function.TANH)
    builder.conv(5, 1, clamp=Clamp.NONE)
    builder.map(Function.SIGMOID)
    return builder.graph(lookahead=60)


def zoo_recording(seed: int = 0) -> np.ndarray:
    """int16 [1000]: noise with a silent middle and full-scale clicks."""
    pcm = np.random.default_rng(seed).normal(0, 6000, 1000).clip(-32768, 32767).astype(np.int16)
    pcm[400:600] = 0
    pcm[::97] = 32767
    pcm[50::97] = -32768
    return pcm


@pytest.fixture(scope="session")
def tiny() -> Graph:
    return tiny_real_time_like()


@pytest.fixture(scope="session")
def graphs(tiny: Graph) -> dict[str, Graph]:
    return {"tiny": tiny, "safe": tiny_real_time_like(1, safe=True), "zoo": zoo()}


@pytest.fixture(scope="session")
def blobs(graphs: dict[str, Graph]) -> dict[str, bytes]:
    return {name: pack(graph) for name, graph in graphs.items()}


@pytest.fixture(params=_kernel.isa_available())
def tier(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every tier that runs here in turn, forced for models made inside the test."""
    _kernel.isa_force(request.param)
    yield request.param
    _kernel.isa_force(None)


@pytest.fixture(scope="session")
def c_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library built by CMake alone, as a user of the C side builds it, with gcc's call graph beside each object."""
    folder = tmp_path_factory.mktemp("library")
    options = ["-DFACELITE_TESTS=OFF", "-DFACELITE_BENCH=OFF", "-DFACELITE_WERROR=ON", "-DCMAKE_BUILD_TYPE=Release"]
    graph = ["-DCMAKE_C_COMPILER=gcc", "-DCMAKE_C_FLAGS=-fcallgraph-info=su"] if shutil.which("gcc") else []
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, *options, *graph], check=True, capture_output=True)
    subprocess.run(["cmake", "--build", folder], check=True, capture_output=True)
    return folder
