"""glTF 2.0 binary files: the head with its shapes, and weights that animate it or any other mesh.

Written with the standard library: header, JSON chunk and binary chunk as in the glTF 2.0 specification, 4.4. Shapes are
sparse accessors (3.6.2.3), since most of them move few vertices.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..atomic import write_bytes
from ..curves import Curves
from ..errors import BadInput
from ..face import Head, head

_FLOAT, _UINT16 = 5126, 5123
_VERTICES, _INDICES = 34962, 34963
_NO_MOVEMENT = 2e-6
"""Metres; what moves less is left out of a shape."""

_PACKED = {"KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_texture_basisu"}
"""Extensions whose decoders are not in our bundle of three.js."""

_NO_TURN = 0.02
"""Of a unit normal; about one degree, which no light shows."""


def write(path: str | Path, curves: Curves, mesh: str | Path | None = None) -> None:
    """Write curves as an animation of morph targets.

    Parameters
    ----------
    path
        The .glb file.
    curves
        Any controls; those that a mesh's targets lack are left out, targets without a control stay at 0.
    mesh
        A .glb whose meshes name their targets in ``extras.targetNames``. Default: facelite's own head.

    Raises
    ------
    BadInput
        `mesh` is not a .glb with everything inside, or none of its targets is a control of the curves.
    """
    document, binary = read(mesh) if mesh is not None else _head_document(head())
    if mesh is not None and _has_outside_buffer(mesh, document):
        raise BadInput(mesh, "keeps its vertices outside its binary chunk", "export it as one .glb")
    with _as_gltf_says(mesh or "the head"):
        _animate(document, binary, curves, mesh or "the head")
    write_bytes(path, _container(document, binary))


def write_head(path: str | Path, face: Head | None = None) -> None:
    """Write the head at rest, with its shapes."""
    write_bytes(path, head_bytes(face))


def head_bytes(face: Head | None = None) -> bytes:
    """The head at rest, with its shapes, as the content of a .glb."""
    return _container(*_head_document(face or head()))


def for_viewer(path: str | Path, controls: Iterable[str]) -> bytes:
    """The content of a .glb that our viewer can show and some of `controls` can move.

    Raises
    ------
    BadInput
        It cannot be read, needs files beside it or is compressed; none of its morph targets is a control.
    """
    document, _ = read(path)
    with _as_gltf_says(path):
        named = set().union(*_targets(document))
        parts = [*document.get("buffers", []), *document.get("images", [])]
        beside = any(not part.get("uri", "data:").startswith("data:") for part in parts)
        packed = sorted(_PACKED & set(document.get("extensionsRequired", [])))
    if beside:
        raise BadInput(path, "needs files beside it", "export it as one .glb with everything inside")
    if packed:
        raise BadInput(path, f"is compressed with {packed[0]}, which the page cannot read", "export it uncompressed")
    if not named & set(controls):
        raise BadInput(path, "no morph target has the name of a control", "name targets in extras.targetNames")
    return Path(path).read_bytes()


def read(path: str | Path) -> tuple[dict[str, Any], bytearray]:
    """The JSON and the binary chunk of a .glb; BadInput names what is wrong with the file."""
    data = Path(path).read_bytes()
    mend = "give a glTF 2.0 binary file (.glb)"
    if len(data) < 20 or struct.unpack_from("<4sI", data) != (b"glTF", 2):
        raise BadInput(path, "this is no .glb", mend)
    chunks: dict[bytes, bytes] = {}
    offset = 12
    while offset + 8 <= len(data):
        size, kind = struct.unpack_from("<I4s", data, offset)
        if offset + 8 + size > len(data):
            raise BadInput(path, "the file ends inside a chunk", mend)
        chunks.setdefault(kind, data[offset + 8 : offset + 8 + size])
        offset += 8 + size
    try:
        document = json.loads(chunks[b"JSON"])
    except (KeyError, ValueError):
        raise BadInput(path, "its JSON chunk cannot be read", mend) from None
    if not isinstance(document, dict):
        raise BadInput(path, "its JSON chunk is no object", mend)
    return document, bytearray(chunks.get(b"BIN\0", b""))


@contextmanager
def _as_gltf_says(path: str | Path) -> Iterator[None]:
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError):
        raise BadInput(path, "its JSON chunk is not as glTF 2.0 has it", "export it again") from None


def _has_outside_buffer(path: str | Path, document: dict[str, Any]) -> bool:
    with _as_gltf_says(path):
        return any("uri" in buffer for buffer in document.get("buffers", [])[:1])


def _animate(document: dict[str, Any], binary: bytearray, curves: Curves, name: str | Path) -> None:
    seconds = (np.arange(len(curves.values)) / curves.frame_rate).astype(np.float32)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []
    time = None
    for node, targets in enumerate(_targets(document)):
        if not set(targets) & set(curves.controls):
            continue
        if time is None:
            time = _accessor(document, binary, seconds, "SCALAR", bounds=True)
        values = curves.select(tuple(targets)).values.reshape(-1)
        output = _accessor(document, binary, values, "SCALAR")
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": "weights"}})
        samplers.append({"input": time, "output": output, "interpolation": "LINEAR"})
    if not channels:
        raise BadInput(name, "no morph target has the name of a control", "name targets in extras.targetNames")
    document.setdefault("animations", []).append({"name": "facelite", "channels": channels, "samplers": samplers})
    _finish(document, binary)


def _targets(document: dict[str, Any]) -> list[list[str]]:
    """Names of the morph targets that each node's mesh has."""
    return [_targets_of(document, node) for node in document.get("nodes", [])]


def _targets_of(document: dict[str, Any], node: dict[str, Any]) -> list[str]:
    if "mesh" not in node:
        return []
    mesh = document["meshes"][node["mesh"]]
    names = mesh.get("extras", {}).get("targetNames", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("targetNames")
    if names and len(names) != len(mesh["primitives"][0].get("targets", [])):
        raise IndexError("targetNames")
    return names


def _head_document(face: Head) -> tuple[dict[str, Any], bytearray]:
    binary = bytearray()
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "facelite"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "head", "mesh": 0}],
        "materials": [
            {"name": "head", "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.55}}
        ],
    }  # fmt: skip
    attributes = {
        "POSITION": _accessor(document, binary, face.positions, "VEC3", _VERTICES, bounds=True),
        "NORMAL": _accessor(document, binary, face.normals(), "VEC3", _VERTICES),
        "COLOR_0": _accessor(document, binary, face.colours, "VEC3", _VERTICES),
    }
    indices = _accessor(document, binary, face.triangles.reshape(-1).astype(np.uint16), "SCALAR", _INDICES)
    targets = [
        {
            "POSITION": _sparse(document, binary, delta, _NO_MOVEMENT),
            "NORMAL": _sparse(document, binary, face.normals(face.positions + delta) - face.normals(), _NO_TURN),
        }
        for delta in face.deltas
    ]
    primitive = {"attributes": attributes, "indices": indices, "material": 0, "targets": targets}
    names = list(face.controls)
    weights = [0.0] * len(names)
    document["meshes"] = [
        {"name": "head", "primitives": [primitive], "weights": weights, "extras": {"targetNames": names}}
    ]
    _finish(document, binary)
    return document, binary


def _accessor(
    document: dict[str, Any],
    binary: bytearray,
    values: NDArray[Any],
    kind: str,
    target: int | None = None,
    bounds: bool = False,
) -> int:
    component = {np.dtype(np.float32): _FLOAT, np.dtype(np.uint16): _UINT16}[values.dtype]
    entry: dict[str, Any] = {
        "bufferView": _view(document, binary, values, target),
        "componentType": component,
        "count": len(values),
        "type": kind,
    }
    if bounds:
        entry |= _bounds(values)
    accessors = document.setdefault("accessors", [])
    accessors.append(entry)
    return len(accessors) - 1


def _sparse(document: dict[str, Any], binary: bytearray, delta: NDArray[np.float32], least: float) -> int:
    moving = np.flatnonzero(abs(delta).max(axis=1) > least)
    kept = np.zeros_like(delta)
    kept[moving] = delta[moving]
    sparse = {
        "count": len(moving),
        "indices": {"bufferView": _view(document, binary, moving.astype(np.uint16)), "componentType": _UINT16},
        "values": {"bufferView": _view(document, binary, delta[moving])},
    }
    entry = {"componentType": _FLOAT, "count": len(delta), "type": "VEC3", **_bounds(kept), "sparse": sparse}
    document["accessors"].append(entry)
    return len(document["accessors"]) - 1


def _bounds(values: NDArray[Any]) -> dict[str, list[float]]:
    columns = values.reshape(len(values), -1)
    return {"min": columns.min(0).astype(float).tolist(), "max": columns.max(0).astype(float).tolist()}


def _view(document: dict[str, Any], binary: bytearray, values: NDArray[Any], target: int | None = None) -> int:
    binary.extend(bytes(-len(binary) % 4))
    view: dict[str, Any] = {"buffer": 0, "byteOffset": len(binary), "byteLength": values.nbytes}
    if target is not None:
        view["target"] = target
    binary.extend(np.ascontiguousarray(values).tobytes())
    views = document.setdefault("bufferViews", [])
    views.append(view)
    return len(views) - 1


def _finish(document: dict[str, Any], binary: bytearray) -> None:
    buffers = document.setdefault("buffers", [{}])
    buffers[0]["byteLength"] = len(binary)


def _container(document: dict[str, Any], binary: bytearray) -> bytes:
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body = bytes(binary) + bytes(-len(binary) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
