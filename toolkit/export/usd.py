"""USD as text (.usda): the head as a UsdSkel character whose blend shapes the curves animate.

Written with the standard library; the schemas are UsdSkelRoot, Skeleton, SkelAnimation and BlendShape of OpenUSD's
"UsdSkel Schemas". Skinning queries want a skeleton, so there is one, of a single joint that never moves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..atomic import write_text
from ..curves import Curves
from ..face import Head, head
from .rates import frame_of, nominal_rate

_STILL = 2e-6
"""Metres, and parts of a unit normal; what moves and turns less is left out of a shape."""

_IDENTITY = "[((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))]"


def write(path: str | Path, curves: Curves, start: str | None = None) -> None:
    """Write curves as a SkelAnimation, and the head that it moves.

    Parameters
    ----------
    path
        The .usda file.
    curves
        Any controls. Where none is a shape of the head, as in a studio's own rig, the animation stands alone.
    start
        Timecode of the first frame, ``HH:MM:SS:FF``: time codes count from there. Default: from 0.
    """
    first = frame_of(start, nominal_rate(curves.frame_rate)) if start is not None else 0
    face = head()
    lines = [*_header(curves, first), *_skeleton(), *_animation(curves, first)]
    if set(face.controls) & set(curves.controls):
        lines += _mesh(face)
    write_text(path, "\n".join([*lines, "}", ""]))


def _header(curves: Curves, first: int) -> list[str]:
    rate = repr(float(curves.frame_rate))
    return [
        "#usda 1.0",
        "(",
        '    defaultPrim = "facelite"',
        f"    endTimeCode = {first + len(curves.values) - 1}",
        f"    framesPerSecond = {rate}",
        "    metersPerUnit = 1",
        f"    startTimeCode = {first}",
        f"    timeCodesPerSecond = {rate}",
        '    upAxis = "Y"',
        ")",
        "",
        'def SkelRoot "facelite" (',
        '    prepend apiSchemas = ["SkelBindingAPI"]',
        ")",
        "{",
        "    rel skel:skeleton = </facelite/skeleton>",
        "",
    ]


def _skeleton() -> list[str]:
    return [
        '    def Skeleton "skeleton" (',
        '        prepend apiSchemas = ["SkelBindingAPI"]',
        "    )",
        "    {",
        f"        uniform matrix4d[] bindTransforms = {_IDENTITY}",
        '        uniform token[] joints = ["head"]',
        f"        uniform matrix4d[] restTransforms = {_IDENTITY}",
        "        rel skel:animationSource = </facelite/animation>",
        "    }",
        "",
    ]


def _animation(curves: Curves, first: int) -> Iterator[str]:
    yield '    def SkelAnimation "animation"'
    yield "    {"
    yield f"        uniform token[] blendShapes = {_tokens(curves.controls)}"
    yield "        float[] blendShapeWeights.timeSamples = {"
    for index, frame in enumerate(curves.values):
        yield f"            {first + index}: {_array(frame)},"
    yield "        }"
    yield "    }"
    yield ""


def _mesh(face: Head) -> Iterator[str]:
    targets = ", ".join(f"</facelite/head/{name}>" for name in face.controls)
    yield from (
        '    def Mesh "head" (',
        '        prepend apiSchemas = ["SkelBindingAPI"]',
        "    )",
        "    {",
        f"        float3[] extent = {_vectors(np.stack([face.positions.min(0), face.positions.max(0)]))}",
        f"        int[] faceVertexCounts = {_array(np.full(len(face.triangles), 3))}",
        f"        int[] faceVertexIndices = {_array(face.triangles.reshape(-1))}",
        f"        normal3f[] normals = {_vectors(face.normals())} (",
        '            interpolation = "vertex"',
        "        )",
        f"        point3f[] points = {_vectors(face.positions)}",
        f"        color3f[] primvars:displayColor = {_vectors(face.colours)} (",
        '            interpolation = "vertex"',
        "        )",
        "        int[] primvars:skel:jointIndices = [0] (",
        "            elementSize = 1",
        '            interpolation = "constant"',
        "        )",
        "        float[] primvars:skel:jointWeights = [1] (",
        "            elementSize = 1",
        '            interpolation = "constant"',
        "        )",
        f"        uniform token[] skel:blendShapes = {_tokens(face.controls)}",
        f"        rel skel:blendShapeTargets = [{targets}]",
        '        uniform token subdivisionScheme = "none"',
        "",
    )
    for name, delta in zip(face.controls, face.deltas, strict=True):
        yield from _shape(name, delta, face.normals(face.positions + delta) - face.normals())
    yield "    }"


def _shape(name: str, delta: NDArray[np.float32], turn: NDArray[np.float32]) -> Iterator[str]:
    moved = np.flatnonzero((abs(delta).max(1) > _STILL) | (abs(turn).max(1) > 0.02))
    yield f'        def BlendShape "{name}"'
    yield "        {"
    yield f"            uniform vector3f[] normalOffsets = {_vectors(turn[moved])}"
    yield f"            uniform vector3f[] offsets = {_vectors(delta[moved])}"
    yield f"            uniform int[] pointIndices = {_array(moved)}"
    yield "        }"


def _tokens(names: Iterable[str]) -> str:
    return "[" + ", ".join(json.dumps(name, ensure_ascii=False) for name in names) + "]"


def _array(values: NDArray) -> str:
    return "[" + ", ".join(f"{value:.7g}" for value in values) + "]"


def _vectors(values: NDArray) -> str:
    return "[" + ", ".join(f"({x:.6g}, {y:.6g}, {z:.6g})" for x, y, z in values) + "]"
