"""Quantised graphs with random weights, whose activations use their whole int8 range on noise."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
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
    """Grows a graph operator by operator, beside a float twin that says how far each output ranges on noise."""

    rng: np.random.Generator
    samples: int = WINDOW + 512
    ops: list[Op] = field(default_factory=list)
    float_ops: list[Op] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=lambda: [Tensor("wave", 1, 1, Quant(float(np.float32(1 / 127)), 0))])

    def __post_init__(self) -> None:
        self.noise = self.rng.uniform(-1, 1, self.samples).astype(np.float32)

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
        source = self.tensors[-1]
        limit = 64 if safe else 127  # two weights of at most 64 keep the pair promise
        weight = self.rng.integers(-limit, limit + 1, (channels, kernel, source.channels)).astype(np.int8)
        scale = (self.rng.uniform(0.5, 2.0, channels) / (limit * np.sqrt(kernel * source.channels))).astype(np.float32)
        bias = np.rint(self.rng.normal(0, 0.1, channels) / (source.quant.scale * scale)).astype(np.int32)
        op = Conv(f"conv{self.newest}", self.newest, weight, bias, stride, dilation, delay, clamp, scale)
        twin = replace(
            op,
            weight=weight * scale[:, None, None],
            bias=(bias * np.float32(source.quant.scale) * scale).astype(np.float32),
            weight_scale=None,
        )
        return self._append(op, twin, channels, source.stride * stride)

    def add(self, other: int, other_delay: int = 0, clamp: Clamp = Clamp.NONE) -> int:
        return self._plain(Add(f"add{self.newest}", self.newest, other, 0, other_delay, clamp))

    def mean(self, kernel: int) -> int:
        return self._plain(Mean(f"mean{self.newest}", self.newest, kernel))

    def map(self, function: Function, alpha: float = 0.0) -> int:
        return self._plain(Map(f"map{self.newest}", self.newest, function, alpha))

    def graph(self, lookahead: int = 1024, smoothing: bool = False, window: int | None = None) -> Graph:
        """The quantised graph; the window defaults to just what a frame sees."""
        graph = self._with(self.ops, self.tensors)
        window = window or max(graph.receptive_field, lookahead, 1)
        return replace(graph, lookahead=lookahead, smoothing=smoothing, window=window)

    def _plain(self, op: Op) -> int:
        return self._append(op, op, self.tensors[-1].channels, self.tensors[-1].stride)

    def _append(self, op: Op, twin: Op, channels: int, stride: int) -> int:
        self.ops.append(op)
        self.float_ops.append(twin)
        self.tensors.append(Tensor(op.name, channels, stride, Quant(1.0, 0)))
        floats = [replace(tensor, quant=None) for tensor in self.tensors]
        values = reference.run(self._with(self.float_ops, floats), self.noise)[-1]
        low, high = min(0.0, float(values.min())), max(1e-3, float(values.max()))
        scale = float(np.float32((high - low) / 255))
        zero_point = int(np.clip(np.rint(-128 - low / scale), -128, 127))
        self.tensors[-1] = replace(self.tensors[-1], quant=Quant(scale, zero_point))
        return self.newest

    def _with(self, ops: list[Op], tensors: list[Tensor]) -> Graph:
        controls = tuple(f"control{index}" for index in range(tensors[-1].channels))
        return Graph("random", 16000, 0, 0, controls, tuple(tensors), tuple(ops))


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
def build_library(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`build_library(*options)`: the folder where CMake built the library and nothing else, as a user of the C side
    builds it."""

    def build(*options: str) -> Path:
        folder = tmp_path_factory.mktemp("library")
        alone = [f"-DFACELITE_{programs}=OFF" for programs in ("TESTS", "BENCH", "TOOLS")]
        configure = ["cmake", "-S", ROOT, "-B", folder, *alone, "-DFACELITE_WERROR=ON", *options]
        subprocess.run(configure, check=True, capture_output=True)
        subprocess.run(["cmake", "--build", folder], check=True, capture_output=True)
        return folder

    return build


@pytest.fixture(scope="session")
def c_build(build_library) -> Path:
    """The library as released, with gcc's call graph beside each object."""
    graph = ["-DCMAKE_C_COMPILER=gcc", "-DCMAKE_C_FLAGS=-fcallgraph-info=su"] if shutil.which("gcc") else []
    return build_library("-DCMAKE_BUILD_TYPE=Release", *graph)


@pytest.fixture(scope="session")
def stack_need() -> Callable[[Path], int]:
    """`stack_need(folder)`: most bytes of stack that a public function can use, in a build with gcc's call graph."""
    return _stack_need


def _stack_need(folder: Path) -> int:
    frames, calls = _call_graph(folder / "kernels" / "CMakeFiles" / "facelite_objects.dir")
    slots = [name for name in frames if "ops_" in name]
    assert len(slots) > 5
    calls["__indirect_call"] = set(slots)  # every call through a pointer goes to an operator of some tier

    def deepest(name: str, above: tuple[str, ...] = ()) -> int:
        assert name not in above, f"{name} calls itself"
        below = (deepest(callee, (*above, name)) for callee in calls.get(name, ()))
        return frames.get(name, 0) + max(below, default=0)

    return max(deepest(name) for name in frames if name.startswith("facelite_"))


def _call_graph(folder: Path) -> tuple[dict[str, int], dict[str, set[str]]]:
    """Frame bytes and callees of every function; local functions are named file:function by gcc."""
    node = re.compile(r'node: \{ title: "(?P<title>[^"]+)" label: "(?P<label>[^"]*)"')
    edge = re.compile(r'edge: \{ sourcename: "(?P<source>[^"]+)" targetname: "(?P<target>[^"]+)"')
    frame = re.compile(r"(?P<bytes>\d+) bytes \((?P<kind>[^)]*)\)")
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for file in folder.rglob("*.ci"):
        text = file.read_text()
        for function in node.finditer(text):
            if found := frame.search(function["label"]):
                assert found["kind"] == "static", f"{function['title']} has a stack frame of unbounded size"
                frames[function["title"]] = int(found["bytes"])
        for call in edge.finditer(text):
            calls.setdefault(call["source"], set()).add(call["target"])
    return frames, calls
