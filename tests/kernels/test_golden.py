"""golden.npz in plain C: facelite_replay holds a student against it and names the layer at fault."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from facelite import _kernel
from facelite.converters.backends import golden
from facelite.converters.backends.blob import pack
from facelite.graph import Conv, Graph
from facelite.speech import audio

TOOLS = Path(__file__).parents[2] / "kernels" / "tools"
SOURCES = ("replay.c", "golden.c", "npz.c", "player.c", "tool.c")

Replay = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def program(c_build, tmp_path_factory) -> Path:
    """facelite_replay with sanitizers in its own files, so that a read outside a golden file ends it."""
    made = tmp_path_factory.mktemp("replay") / "facelite_replay"
    library = next(c_build.rglob("libfacelite.a"))
    flags = ["-std=c11", "-g", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=address,undefined"]
    flags += ["-fno-sanitize-recover=undefined", f"-I{TOOLS.parent / 'include'}"]
    sources = [TOOLS / name for name in SOURCES]
    subprocess.run([shutil.which("gcc") or "cc", *flags, *sources, library, "-lm", "-o", made], check=True)
    return made


@pytest.fixture(scope="module")
def speech_pcm(speech) -> np.ndarray:
    return audio.read(speech)[:16000]


@pytest.fixture(scope="module")
def files(graphs, speech_pcm) -> dict[str, bytes]:
    """The golden files of two graphs: one of the shipped shape, one of every operator whose window is no whole hops."""
    return {name: golden.pack(graphs[name], speech_pcm) for name in ("tiny", "zoo")}


@pytest.fixture
def replay(program, tmp_path) -> Replay:
    def run(blob: bytes, file: bytes, *options: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "student.facelite").write_bytes(blob)
        (tmp_path / "golden.npz").write_bytes(file)
        command = [program, *options, "--golden", tmp_path / "golden.npz", tmp_path / "student.facelite"]
        sanitizers = {"ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "exitcode=99"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **sanitizers})

    return run


@pytest.mark.parametrize("name", ["tiny", "zoo"])
def test_every_tier_gives_every_golden_value(replay, blobs, files, graphs, name):
    for tier in _kernel.isa_available():
        found = replay(blobs[name], files[name], "--isa", tier)
        assert found.returncode == 0, found.stderr
        said = json.loads(found.stdout)
        assert (said["isa"], said["golden"], said["windows"]) == (tier, True, 4)
        assert said["operators"] == len(graphs[name].ops)
        assert said["frames"] == -(-16000 // graphs[name].hop)


def test_one_corrupt_weight_in_any_layer_names_that_layer(replay, files, graphs):
    graph = graphs["zoo"]
    convolutions = [index for index, op in enumerate(graph.ops) if isinstance(op, Conv)]
    assert len(convolutions) > 4
    for index in convolutions:
        found = replay(pack(with_other_weight(graph, index)), files["zoo"])
        assert found.returncode == 1
        assert (
            f"layer {graph.ops[index].name} is the first that differs ({index + 1} of {len(graph.ops)})" in found.stderr
        )
        assert found.stdout == ""


def test_other_curves_of_the_same_codes_name_frame_and_control(replay, blobs, files, graphs, tmp_path):
    """Smoothing is not in the windows: the recording finds it."""
    found = replay(pack(replace(graphs["tiny"], smoothing=False)), files["tiny"])
    assert found.returncode == 1
    assert "the recording gives" in found.stderr
    assert "differs first, control control" in found.stderr


def test_another_student_s_file_is_refused(replay, blobs, files):
    found = replay(blobs["zoo"], files["tiny"])
    assert found.returncode == 2
    assert "it is not this student's" in found.stderr


def test_a_compressed_file_is_refused_in_words(replay, blobs, files, tmp_path):
    (tmp_path / "whole.npz").write_bytes(files["zoo"])
    with np.load(tmp_path / "whole.npz") as arrays:
        np.savez_compressed(tmp_path / "packed.npz", **arrays)
    found = replay(blobs["zoo"], (tmp_path / "packed.npz").read_bytes())
    assert found.returncode == 2
    assert "compressed" in found.stderr


def test_a_damaged_file_never_crashes_the_runner(replay, blobs, files):
    """Cut short, and with bytes overwritten where it says what is where."""
    file, rng = files["zoo"], np.random.default_rng(3)
    damaged = [file[: int(cut)] for cut in rng.integers(0, len(file), 12)]
    places = [*rng.integers(len(file) - 900, len(file) - 4, 24), *rng.integers(0, 200, 16)]
    damaged += [file[: int(at)] + wrong * 4 + file[int(at) + 4 :] for at in places for wrong in (b"\0", b"\xff")]
    found = [replay(blobs["zoo"], one) for one in damaged]
    assert {one.returncode for one in found} <= {0, 1, 2}
    assert sum(one.returncode == 2 for one in found) > 30
    assert all(len(one.stderr.splitlines()) <= 1 for one in found)


def with_other_weight(graph: Graph, index: int) -> Graph:
    """One weight of one layer turned into its opposite extreme."""
    conv = graph.ops[index]
    weight = conv.weight.copy()
    weight[0, 0, 0] = -127 if weight[0, 0, 0] > 0 else 127
    return replace(graph, ops=(*graph.ops[:index], replace(conv, weight=weight), *graph.ops[index + 1 :]))
