"""`student.c`: compiles without a warning as C11 and as C++17, and says bit for bit what the kernel says."""

from __future__ import annotations

import ctypes
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from facelite import _kernel, companding
from facelite.converters.backends import c
from facelite.converters.backends.blob import pack
from facelite.graph import Graph, Rounding
from facelite.student import Student

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"]
LANGUAGES = [["-std=c11"], ["-x", "c++", "-std=c++17"]]
COMPILERS = [name for name in ("gcc", "clang", "clang-19") if shutil.which(name)]
SIZE = "\nextern {linkage}size_t stream_bytes(void);\nsize_t stream_bytes(void) {{ return sizeof({p}_stream); }}\n"


class Generated:
    """A compiled student.c, with the calls of a `Stream`."""

    def __init__(self, library: Path, graph: Graph) -> None:
        self.graph, self.prefix = graph, c.identifier(graph.name)
        self.library = ctypes.CDLL(str(library))
        self.library.stream_bytes.restype = ctypes.c_size_t
        self.stream = ctypes.create_string_buffer(self.library.stream_bytes())
        self.call("reset")

    def call(self, name: str, *arguments: object) -> int:
        function = getattr(self.library, f"{self.prefix}_{name}")
        function.restype = ctypes.c_size_t
        given = [a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray) else a for a in arguments]
        return function(self.stream, *given)

    def push(self, pcm: np.ndarray) -> np.ndarray:
        kind = "push_i16" if pcm.dtype == np.int16 else "push_f32"
        expected = self.call("frames_for", ctypes.c_size_t(len(pcm)))
        frames = np.full((expected + 1, len(self.graph.controls)), np.nan, np.float32)
        assert self.call(kind, np.ascontiguousarray(pcm), ctypes.c_size_t(len(pcm)), frames) == expected
        assert np.isnan(frames[-1]).all()
        return frames[:-1]

    def flush(self) -> np.ndarray:
        frames = np.empty((self.call("frames_pending") + 1, len(self.graph.controls)), np.float32)
        return frames[: self.call("flush", frames)]

    def hops(self, codes: np.ndarray) -> np.ndarray:
        made = np.empty((len(codes) // self.graph.hop, len(self.graph.controls)), np.int8)
        for frame, hop in zip(made, codes.reshape(len(made), -1), strict=True):
            self.call("hop", np.ascontiguousarray(hop), frame)
        return made


@pytest.fixture(scope="module")
def floating(graphs: dict[str, Graph]) -> Graph:
    """The zoo with its last convolution requantising as FULLY_CONNECTED does, and a name that is no identifier."""
    graph = graphs["zoo"]
    ops = tuple(replace(op, rounding=Rounding.FLOATING) if op.name == "conv8" else op for op in graph.ops)
    controls = ('jaw"Open?', "mouth\\Close", *graph.controls[2:])
    return replace(graph, ops=ops, name="7 ways / to */ talk", controls=controls, smoothing=True)


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Callable[..., Generated]:
    """`generated(graph, compiler, flags)`: its student.c, compiled with every warning an error and loaded."""

    def make(graph: Graph, compiler: str = COMPILERS[0], flags: list[str] = LANGUAGES[0]) -> Generated:
        folder = tmp_path_factory.mktemp("generated")
        source, header = c.pack(graph)
        linkage = '"C" ' if "c++" in flags else ""
        extra = SIZE.format(p=c.identifier(graph.name), linkage=linkage).encode()
        (folder / "student.c").write_bytes(source + extra)
        (folder / "student.h").write_bytes(header)
        library = folder / "student.so"
        command = [compiler, *flags, *WARNINGS, "-O1", "-shared", "-fPIC", folder / "student.c", "-o", library]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[:2000]
        return Generated(library, graph)

    return make


def speechlike(samples: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    envelope = np.abs(np.sin(np.arange(samples) / 1700)) ** 3
    return (rng.normal(0, 0.7, samples) * envelope).astype(np.float32)


@pytest.mark.parametrize("flags", LANGUAGES, ids=["c11", "c++17"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_it_compiles_clean_and_makes_every_code_of_the_kernel(graphs, floating, generated, compiler, flags):
    for graph in (graphs["tiny"], floating):
        student = generated(graph, compiler, flags)
        codes = np.random.default_rng(5).integers(-127, 128, 60 * graph.hop).astype(np.int8)
        kernel = _kernel.Stream(_kernel.Model(pack(graph)))
        np.testing.assert_array_equal(student.hops(codes), kernel.step_codes(codes))


@pytest.mark.program("gcc")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="-mfpmath is x86's")
@pytest.mark.parametrize("flag", ["-ffast-math", "-ffinite-math-only", "-mfpmath=387"])
def test_floats_that_would_not_be_the_kernels_are_refused(graphs, tmp_path, flag):
    for name, text in zip(("student.c", "student.h"), c.pack(graphs["tiny"]), strict=True):
        (tmp_path / name).write_bytes(text)
    command = ["gcc", "-std=c11", "-O1", flag, "-c", tmp_path / "student.c", "-o", tmp_path / "student.o"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "every bit is meant" in done.stderr


@pytest.mark.parametrize("name", ["tiny", "zoo", "floating"])
def test_pushes_of_any_size_make_every_bit_of_the_kernel(graphs, floating, generated, name):
    graph = floating if name == "floating" else replace(graphs[name], smoothing=name == "tiny")
    graph = replace(graph, companding="mulaw32" if name == "zoo" else "mulaw")
    student, kernel = generated(graph), Student(pack(graph))
    rng = np.random.default_rng(6)
    for seed, samples in enumerate((0, 1, graph.hop, 5000, 9001)):
        pcm = speechlike(samples, seed)
        pcm = companding.to_int16(pcm) if seed % 2 else pcm
        stream = kernel.stream()
        for part in np.split(pcm, np.sort(rng.integers(0, samples + 1, 12))):
            np.testing.assert_array_equal(student.push(part), stream.push(part))
        np.testing.assert_array_equal(student.flush(), stream.flush())


@pytest.mark.parametrize("lookahead", [0, 1, 23, 24, 25, 129])
def test_any_lookahead(graphs, generated, lookahead):
    graph = replace(graphs["zoo"], lookahead=lookahead)
    student, kernel = generated(graph), Student(pack(graph))
    for smoothing in (True, False):
        for samples in (0, 1, 23, 24, 25, 300):
            student.call("reset_smoothing", ctypes.c_int(smoothing))
            pcm = speechlike(samples, seed=2)
            whole = np.concatenate([student.push(pcm), student.flush()])
            np.testing.assert_array_equal(whole, kernel.animate(pcm, smoothing))


def test_floats_become_codes_as_in_the_kernel(graphs, generated):
    graph = replace(graphs["zoo"], smoothing=False)
    student, kernel = generated(graph), Student(pack(graph))
    special = np.array([np.nan, np.inf, -np.inf, 1, -1, 1e30, -1e-30, 0.5 / 32768, 1.5 / 32768, -2.5 / 32768])
    pcm = np.resize(np.concatenate([special, np.arange(-3000, 3000) / 65536]), 12000).astype(np.float32)
    np.testing.assert_array_equal(student.push(pcm), kernel.stream()._stream.push(pcm))


def test_a_reset_stream_starts_as_if_silence_had_always_been(graphs, generated):
    graph = graphs["tiny"]
    student = generated(graph)
    silence = student.hops(np.zeros(40 * graph.hop, np.int8))
    assert (silence == silence[0]).all()


def test_names_are_the_graphs(floating, generated):
    student = generated(floating)
    names = (ctypes.c_char_p * len(floating.controls)).in_dll(student.library, f"{student.prefix}_controls")
    assert [name.decode() for name in names] == list(floating.controls)
