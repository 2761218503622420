"""Unity's AnimationClip (.anim): YAML with one float curve a blend shape of a SkinnedMeshRenderer.

Unity stores weights of 0 to 100. Keys are linear: each tangent is the slope to its neighbour, and tangentMode 69 says
so to the editor (broken, left linear, right linear: 1 + 2 * 2 + 2 * 32).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..atomic import write_text
from ..curves import Curves

NODE = "head"
"""Path of our head's renderer, below the object that has the Animator."""

_FULL = 100.0
_LINEAR = 69
_SKINNED_MESH_RENDERER = 137
_NO_OBJECT = "{fileID: 0}"

_HEADER = """\
%YAML 1.1
%TAG !u! tag:unity3d.com,2011:
--- !u!74 &7400000
AnimationClip:
  m_ObjectHideFlags: 0
  m_CorrespondingSourceObject: {fileID: 0}
  m_PrefabInstance: {fileID: 0}
  m_PrefabAsset: {fileID: 0}"""

_NO_TRANSFORMS = """\
  serializedVersion: 6
  m_Legacy: 0
  m_Compressed: 0
  m_UseHighQualityCurve: 1
  m_RotationCurves: []
  m_CompressedRotationCurves: []
  m_EulerCurves: []
  m_PositionCurves: []
  m_ScaleCurves: []
  m_FloatCurves:"""


def write(path: str | Path, curves: Curves, node: str = NODE) -> None:
    """Write curves as one clip.

    Parameters
    ----------
    path
        The .anim file; its stem becomes the clip's name.
    curves
        Any controls, 1 for a full shape.
    node
        Path of the object with the SkinnedMeshRenderer below the one with the Animator; empty where they are one.
    """
    path = Path(path)
    lines = [_HEADER, f"  m_Name: {json.dumps(path.stem, ensure_ascii=False)}", _NO_TRANSFORMS]
    for name, values in zip(curves.controls, curves.values.T, strict=True):
        lines += _curve(name, values.astype(np.float64) * _FULL, curves.frame_rate, node)
    write_text(path, "\n".join([*lines, *_settings(curves), ""]))


def _curve(name: str, values: NDArray[np.float64], rate: float, node: str) -> Iterator[str]:
    yield "  - curve:"
    yield "      serializedVersion: 2"
    yield "      m_Curve:"
    slopes = np.diff(values) * rate if len(values) > 1 else np.zeros(1)
    before, after = np.append(slopes[:1], slopes), np.append(slopes, slopes[-1:])
    for index in _needed(values):
        yield "      - serializedVersion: 3"
        yield f"        time: {index / rate:.7g}"
        yield f"        value: {values[index]:.7g}"
        yield f"        inSlope: {before[index]:.7g}"
        yield f"        outSlope: {after[index]:.7g}"
        yield f"        tangentMode: {_LINEAR}"
        yield "        weightedMode: 0"
        yield "        inWeight: 0.33333334"
        yield "        outWeight: 0.33333334"
    yield "      m_PreInfinity: 2"
    yield "      m_PostInfinity: 2"
    yield "      m_RotationOrder: 4"
    yield f"    attribute: {json.dumps('blendShape.' + name)}"
    yield f"    path: {json.dumps(node)}"
    yield f"    classID: {_SKINNED_MESH_RENDERER}"
    yield f"    script: {_NO_OBJECT}"


def _needed(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Keys without those in the midst of a stretch where nothing moves."""
    moved = np.diff(values) != 0
    return np.flatnonzero(np.append(True, moved) | np.append(moved, True))


def _settings(curves: Curves) -> list[str]:
    stop = (len(curves.values) - 1) / curves.frame_rate
    return [
        "  m_PPtrCurves: []",
        f"  m_SampleRate: {curves.frame_rate:.7g}",
        "  m_WrapMode: 0",
        "  m_Bounds:",
        "    m_Center: {x: 0, y: 0, z: 0}",
        "    m_Extent: {x: 0, y: 0, z: 0}",
        "  m_ClipBindingConstant:",
        "    genericBindings: []",
        "    pptrCurveMapping: []",
        "  m_AnimationClipSettings:",
        "    serializedVersion: 2",
        f"    m_AdditiveReferencePoseClip: {_NO_OBJECT}",
        "    m_AdditiveReferencePoseTime: 0",
        "    m_StartTime: 0",
        f"    m_StopTime: {stop:.7g}",
        "    m_OrientationOffsetY: 0",
        "    m_Level: 0",
        "    m_CycleOffset: 0",
        "    m_HasAdditiveReferencePose: 0",
        "    m_LoopTime: 0",
        "    m_LoopBlend: 0",
        "    m_LoopBlendOrientation: 0",
        "    m_LoopBlendPositionY: 0",
        "    m_LoopBlendPositionXZ: 0",
        "    m_KeepOriginalOrientation: 0",
        "    m_KeepOriginalPositionY: 1",
        "    m_KeepOriginalPositionXZ: 0",
        "    m_HeightFromFeet: 0",
        "    m_Mirror: 0",
        "  m_EditorCurves: []",
        "  m_EulerEditorCurves: []",
        "  m_HasGenericRootTransform: 0",
        "  m_HasMotionFloatCurves: 0",
        "  m_Events: []",
    ]
