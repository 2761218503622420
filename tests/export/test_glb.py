"""glTF files read back with pygltflib."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pygltflib
import pytest
from facelite.controls import ARKIT_52
from facelite.curves import Curves
from facelite.errors import BadInput
from facelite.export import glb, write
from facelite.face import head

COUNTS = {"SCALAR": 1, "VEC3": 3}
TYPES = {5126: np.float32, 5123: np.uint16}


@pytest.fixture
def curves() -> Curves:
    values = np.random.default_rng(3).random((40, 3), np.float32)
    return Curves(values, ("jawOpen", "mouthClose", "snarl"))


def _view(gltf, index: int, dtype, count: int) -> np.ndarray:
    view = gltf.bufferViews[index]
    return np.frombuffer(gltf.binary_blob(), dtype, count, view.byteOffset or 0)


def _array(gltf, index: int) -> np.ndarray:
    accessor = gltf.accessors[index]
    width = COUNTS[accessor.type]
    values = np.zeros((accessor.count, width), TYPES[accessor.componentType])
    if accessor.bufferView is not None:
        values = _view(gltf, accessor.bufferView, values.dtype, values.size).reshape(values.shape).copy()
    if accessor.sparse is not None:
        rows = _view(gltf, accessor.sparse.indices.bufferView, np.uint16, accessor.sparse.count)
        moved = _view(gltf, accessor.sparse.values.bufferView, values.dtype, len(rows) * width)
        values[rows] = moved.reshape(-1, width)
    return values


def _weights(gltf, targets: int) -> tuple[np.ndarray, np.ndarray]:
    (animation,) = gltf.animations
    (channel,) = animation.channels
    assert channel.target.path == "weights"
    sampler = animation.samplers[channel.sampler]
    return _array(gltf, sampler.input)[:, 0], _array(gltf, sampler.output).reshape(-1, targets)


def test_the_head_and_its_52_shapes(tmp_path):
    glb.write_head(tmp_path / "head.glb")
    gltf = pygltflib.GLTF2().load(str(tmp_path / "head.glb"))
    (mesh,), (primitive,) = gltf.meshes, gltf.meshes[0].primitives
    assert mesh.extras["targetNames"] == list(ARKIT_52)
    np.testing.assert_array_equal(_array(gltf, primitive.attributes.POSITION), head().positions)
    np.testing.assert_array_equal(_array(gltf, primitive.indices).reshape(-1, 3), head().triangles)
    for target, delta in zip(primitive.targets, head().deltas, strict=True):
        np.testing.assert_allclose(_array(gltf, target["POSITION"]), delta, atol=2e-6)
        turned = _array(gltf, primitive.attributes.NORMAL) + _array(gltf, target["NORMAL"])
        np.testing.assert_allclose(turned, head().normals(head().positions + delta), atol=0.021)
    assert (tmp_path / "head.glb").stat().st_size < 700_000


def test_khronos_finds_nothing_wrong(tmp_path, curves):
    folder = Path(__file__).with_name("validator")
    if shutil.which("node") is None or not (folder / "node_modules").exists():
        pytest.skip("the Khronos validator is not installed; run: npm ci --prefix tests/export/validator")
    write(tmp_path / "talk.glb", curves)
    command = ["node", folder / "validate.mjs", tmp_path / "talk.glb"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    issues = json.loads(result.stdout)
    assert issues["messages"] == []


def test_weights_are_the_curves(tmp_path, curves):
    write(tmp_path / "talk.glb", curves)
    times, weights = _weights(pygltflib.GLTF2().load(str(tmp_path / "talk.glb")), 52)
    np.testing.assert_allclose(times, np.arange(40) / 62.5, atol=1e-6)
    np.testing.assert_array_equal(weights, curves.select(ARKIT_52).values)


def test_another_mesh_keeps_its_own_order_and_the_targets_we_do_not_know(tmp_path, curves):
    glb.write_head(tmp_path / "theirs.glb")
    theirs = pygltflib.GLTF2().load(str(tmp_path / "theirs.glb"))
    theirs.meshes[0].extras["targetNames"] = [f"x{name}" for name in ARKIT_52[:-2]] + ["mouthClose", "jawOpen"]
    theirs.save(str(tmp_path / "theirs.glb"))
    write(tmp_path / "talk.glb", curves, head=tmp_path / "theirs.glb")
    _, weights = _weights(pygltflib.GLTF2().load(str(tmp_path / "talk.glb")), 52)
    np.testing.assert_array_equal(weights[:, -2:], curves.values[:, [1, 0]])
    assert not weights[:, :-2].any()


@pytest.mark.parametrize("content", [b"", b"no mesh at all, but long enough", b"glTF\2\0\0\0" + bytes(40)])
def test_a_mesh_that_is_no_glb_is_refused(tmp_path, curves, content):
    (tmp_path / "mesh.glb").write_bytes(content)
    with pytest.raises(BadInput, match=r"mesh\.glb"):
        write(tmp_path / "talk.glb", curves, head=tmp_path / "mesh.glb")
    assert not (tmp_path / "talk.glb").exists()


def _glb(path, document: dict) -> None:
    text = json.dumps({"asset": {"version": "2.0"}} | document).encode()
    text += b" " * (-len(text) % 4)
    size = (20 + len(text)).to_bytes(4, "little") + len(text).to_bytes(4, "little")
    path.write_bytes(b"glTF\2\0\0\0" + size + b"JSON" + text)


NAMED = {"nodes": [{"mesh": 0}], "meshes": [{"extras": {"targetNames": ["jawOpen"]}}]}


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"nodes": [{"mesh": 0}], "meshes": [{"primitives": []}]}, "no morph target"),
        ({"nodes": [{"mesh": 3}], "meshes": []}, "not as glTF"),
        ({"nodes": 5}, "not as glTF"),
        ({"nodes": [{"mesh": 0}], "meshes": [{"extras": {"targetNames": [1, 2]}}]}, "not as glTF"),
        (NAMED | {"buffers": 7}, "not as glTF"),
        (NAMED | {"buffers": [{"uri": "head.bin", "byteLength": 4}]}, "outside its binary chunk"),
    ],
)
def test_a_mesh_that_cannot_be_animated_is_refused(tmp_path, curves, document, fault):
    _glb(tmp_path / "mesh.glb", document)
    with pytest.raises(BadInput, match=fault):
        write(tmp_path / "talk.glb", curves, head=tmp_path / "mesh.glb")
    assert not (tmp_path / "talk.glb").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(accessors={}),
        lambda document: document.update(animations=5),
        lambda document: document["meshes"][0]["extras"]["targetNames"].append("one too many"),
    ],
)
def test_a_head_that_is_not_as_gltf_has_it_is_named(tmp_path, curves, change):
    glb.write_head(tmp_path / "theirs.glb")
    gltf = pygltflib.GLTF2().load(str(tmp_path / "theirs.glb"))
    document = json.loads(gltf.to_json())
    change(document)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = b"BIN\0" + gltf.binary_blob()
    data = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I", len(rest) - 4) + rest
    (tmp_path / "theirs.glb").write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(data)) + data)
    with pytest.raises(BadInput, match=r"theirs\.glb: its JSON chunk is not as glTF 2\.0 has it"):
        glb.write(tmp_path / "talk.glb", curves, tmp_path / "theirs.glb")
    assert not (tmp_path / "talk.glb").exists()
