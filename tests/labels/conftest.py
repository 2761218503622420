"""Small corpora on disk, and the program that labels them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from facelite.speech import audio
from facelite.speech.corpus import MANIFEST, MANIFEST_SCHEMA, PHONES, PHONES_SCHEMA

SOUNDS = ("SIL", "B", "AA", "M", "UW", "F", "IY", "SIL")
LISTENER = """
model = "network.onnx"
controls = ["jawOpen"]

[input]
name = "audio"
layout = ["batch", "samples"]

[output]
name = "curves"
layout = ["batch", "controls"]

[windows]
length = 256
hop = 256
centre = 0
"""
PROGRAM = str(Path(sys.executable).with_name("facelite"))


@pytest.fixture(scope="session")
def write_corpus() -> Callable[..., Path]:
    """`write_corpus(folder, clips, seconds)` writes a corpus of noise with phones, one speaker in ten a tester.

    The last clip is of noise, and the one before it speech without phones.
    """

    def write(folder: Path, clips: int = 24, seconds: float = 1.0) -> Path:
        rows, phones = [], []
        for index in range(clips):
            path = f"audio/made/{index:05d}.flac"
            rng = np.random.default_rng(index)
            samples = int(16000 * seconds * rng.uniform(0.7, 1.3))
            audio.write(folder / path, (rng.standard_normal(samples) * 0.1).astype(np.float32))
            rows.append(_row(folder, path, index, clips, samples))
            if index < clips - 2:
                each = samples / 16000 / len(SOUNDS)
                times = [(round(i * each, 5), round((i + 1) * each, 5)) for i in range(len(SOUNDS))]
                sounds = np.roll(SOUNDS[1:-1], index).tolist()
                phones += [
                    {"path": path, "start": start, "end": end, "phone": sound, "release": None}
                    for (start, end), sound in zip(times, ["SIL", *sounds, "SIL"], strict=True)
                ]
        pq.write_table(pa.Table.from_pylist(rows, MANIFEST_SCHEMA), folder / MANIFEST)
        pq.write_table(pa.Table.from_pylist(phones, PHONES_SCHEMA), folder / PHONES)
        return folder

    return write


@pytest.fixture(scope="session")
def listener(tmp_path_factory) -> Callable[[float], str]:
    """`listener(scale)` gives the spec of a network that opens the jaw by `scale` times the mean magnitude of a frame.

    It hears no phones; `scale` may be NaN.
    """
    onnx = pytest.importorskip("onnx", reason="needs facelite[convert]")

    def make(scale: float = 4.0) -> str:
        folder = tmp_path_factory.mktemp("listener")
        helper, number = onnx.helper, onnx.TensorProto.FLOAT
        nodes = [
            helper.make_node("Abs", ["audio"], ["magnitude"]),
            helper.make_node("ReduceMean", ["magnitude"], ["mean"], axes=[1], keepdims=1),
            helper.make_node("Mul", ["mean", "scale"], ["curves"]),
        ]
        graph = helper.make_graph(
            nodes,
            "listener",
            [helper.make_tensor_value_info("audio", number, ["batch", 256])],
            [helper.make_tensor_value_info("curves", number, ["batch", 1])],
            [helper.make_tensor("scale", number, [1], [scale])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(model, folder / "network.onnx")
        (folder / "teacher.toml").write_text(LISTENER, "utf-8")
        return f"onnx:{folder / 'teacher.toml'}"

    return make


def _row(folder: Path, path: str, index: int, clips: int, samples: int) -> dict:
    return {
        "path": path,
        "speaker": f"s{index % 10}",
        "language": "en",
        "source": "noise" if index == clips - 1 else "made",
        "licence": "CC0-1.0",
        "split": "test" if index % 10 == 9 else "train",
        "seconds": samples / 16000,
        "text": "",
        "sha256": hashlib.sha256((folder / path).read_bytes()).hexdigest(),
    }


@pytest.fixture(scope="session")
def corpus(write_corpus, tmp_path_factory) -> Path:
    """24 clips of about a second. Do not write into it."""
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen[str]]:
    """`start(corpus, labels, *options)` runs `facelite label` in the background."""

    def start(corpus: Path, labels: Path, *options: object, **keywords: object) -> subprocess.Popen[str]:
        command = [PROGRAM, "label", str(corpus), "-o", str(labels), *map(str, options)]
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **keywords
        )

    return start


@pytest.fixture(scope="session")
def run(start) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`run(corpus, labels, *options)` runs `facelite label` to its end."""

    def run(*arguments: object, **keywords: object) -> subprocess.CompletedProcess[str]:
        with start(*arguments, **keywords) as process:
            stdout, stderr = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    return run


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """`contents(labels)` gives every file of a store, temporary ones too, but not the lock."""

    def contents(labels: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in labels.iterdir() if path.is_file()}

    return contents
