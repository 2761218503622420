"""A small student with its graph, a recording animated from its phones, and the report over both."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from facelite import data, report
from facelite.controls import SPEECH_CONTROLS
from facelite.converters.backends.blob import pack
from facelite.graph import Add, Clamp, Conv, Function, Graph, Map, Mean, Quant, Tensor
from facelite.speech.audio import read
from facelite.student import Student
from facelite.targets.validate import validate_all
from facelite.teachers.oracle import OracleTeacher


def _conv(name: str, source: int, kernel: int, shape: tuple[int, int], stride: int = 1, **rest) -> Conv:
    random = np.random.default_rng(kernel)
    inputs, outputs = shape
    weight = random.integers(-50, 50, (outputs, kernel, inputs)).astype(np.int8)
    bias = random.integers(-300, 300, outputs).astype(np.int32)
    scale = np.full(outputs, 0.004, np.float32)
    return Conv(name, source, weight, bias, stride, clamp=Clamp.RELU, weight_scale=scale, **rest)


@pytest.fixture(scope="session")
def graph() -> Graph:
    """One of every operator, hop 256."""
    ops = (
        _conv("front", 0, 64, (1, 8), stride=64),
        _conv("body", 1, 3, (8, 8), stride=4),
        _conv("branch", 2, 2, (8, 8), dilation=2),
        Add("residual", 2, 3, clamp=Clamp.RELU),
        Mean("pool", 4, 3),
        Map("leaky", 5, Function.LEAKY_RELU, alpha=0.1),
        _conv("head", 6, 1, (8, len(SPEECH_CONTROLS))),
    )
    channels = (1, 8, 8, 8, 8, 8, 8, len(SPEECH_CONTROLS))
    strides = (1, 64, 256, 256, 256, 256, 256, 256)
    quants = (Quant(float(np.float32(1 / 127)), 0), *[Quant(0.05, -128)] * 7)
    names = ("wave", *(op.name for op in ops))
    tensors = tuple(Tensor(*fields) for fields in zip(names, channels, strides, quants, strict=True))
    return Graph("small <student>", 16000, 8192, 1024, SPEECH_CONTROLS, tensors, ops, smoothing=True)


@pytest.fixture(scope="session")
def student(graph) -> Student:
    return Student(pack(graph))


@pytest.fixture(scope="session")
def clip() -> report.Clip:
    """The packaged recording with curves made from its phones: what the lips should do is known."""
    recording = data.demo_clip()
    audio = read(recording.path)
    curves = OracleTeacher().animate(audio, 16000, recording.phones).select(SPEECH_CONTROLS)
    return report.Clip(recording.text + "</script><b>", recording.licence, audio, 16000, curves, recording.phones)


@pytest.fixture(scope="session")
def facts(student, graph, clip) -> dict:
    return report.collect(
        student,
        graph,
        verdicts=validate_all(student),
        timing=report.measure(student, clip.audio),
        clip=clip,
    )


@pytest.fixture(scope="session")
def page_path(facts, clip, tmp_path_factory):
    return report.write(tmp_path_factory.mktemp("a report"), facts, clip)


@pytest.fixture(scope="session")
def demo(once) -> Path:
    """The demo's folder; an earlier run that was cut short and a file of the user's lay in it."""

    def make(folder: Path) -> None:
        (folder / "report.json").write_text('{"student": ')
        (folder / "notes.txt").write_text("mine")
        program = Path(sys.executable).with_name("facelite")
        result = subprocess.run(
            [program, "demo", "--out", folder], cwd=folder, capture_output=True, text=True, timeout=600
        )
        (folder / "stdout.txt").write_text(result.stdout)
        (folder / "stderr.txt").write_text(result.stderr)
        assert result.returncode == 0, result.stderr

    return once("the demo", make)


@pytest.fixture(scope="session")
def browser(launch):
    launched = launch("--disable-gpu", "--disable-quic")
    yield launched
    launched.close()
