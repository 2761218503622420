"""ARKit curves as weights of visemes: Oculus' fifteen, or the five mouth shapes of VRM 1.0.

A viseme is a pose of ARKit controls, listed in visemes.json. A frame's weights w are the mix of poses that comes
nearest to it: the least squares ``|P w - frame|`` with w >= 0 and sum(w) <= 1, so that a held vowel gives that viseme
alone and a sound between two gives both. What the sum lacks to 1 is Oculus' ``sil``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..curves import Curves

Scheme = Literal["arkit", "oculus", "vrm"]

OCULUS: tuple[str, ...] = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou",
)  # fmt: skip
"""Visemes of Meta's lip sync, in its order."""

VRM: tuple[str, ...] = (
    "aa", "ih", "ou", "ee", "oh", "blinkLeft", "blinkRight", "lookUp", "lookDown", "lookLeft", "lookRight",
)  # fmt: skip
"""Preset expressions of VRM 1.0 (VRMC_vrm) that speech and gaze move; the mouth's are its ``aa ih ou ee oh``."""

_EYES = {
    "blinkLeft": ("eyeBlinkLeft",),
    "blinkRight": ("eyeBlinkRight",),
    "lookUp": ("eyeLookUpLeft", "eyeLookUpRight"),
    "lookDown": ("eyeLookDownLeft", "eyeLookDownRight"),
    "lookLeft": ("eyeLookOutLeft", "eyeLookInRight"),
    "lookRight": ("eyeLookInLeft", "eyeLookOutRight"),
}
"""VRM expressions that are the mean of ARKit controls."""

_ROUNDS = 400


def to_oculus(curves: Curves) -> Curves:
    """Weights of the fifteen visemes of `OCULUS`, which sum to 1 in every frame."""
    names = OCULUS[1:]
    weights = _mix(curves, "oculus", names)
    silence = np.maximum(1 - weights.sum(axis=1, keepdims=True), 0)
    return Curves(np.hstack([silence, weights]).astype(np.float32), OCULUS, curves.frame_rate)


def to_vrm(curves: Curves) -> Curves:
    """Weights of the expressions of `VRM`; those of the mouth sum to at most 1, shut lips are all at 0."""
    mouth = _mix(curves, "vrm", VRM[:5])
    gaze = [curves.select(controls).values.mean(axis=1) for controls in _EYES.values()]
    return Curves(np.column_stack([mouth, *gaze]).astype(np.float32), VRM, curves.frame_rate)


def convert(curves: Curves, scheme: Scheme) -> Curves:
    """`curves` as they are, or as visemes of a scheme."""
    return {"arkit": lambda same: same, "oculus": to_oculus, "vrm": to_vrm}[scheme](curves)


@cache
def poses() -> dict[str, dict[str, dict[str, float]]]:
    """Scheme -> viseme -> ARKit control -> value."""
    return json.loads(Path(__file__).with_name("visemes.json").read_text("utf-8"))


def _mix(curves: Curves, scheme: str, names: tuple[str, ...]) -> NDArray[np.float64]:
    """float64 [frames, visemes], by accelerated projected gradients (Beck and Teboulle 2009, FISTA)."""
    listed = poses()[scheme]
    controls = tuple(sorted({control for pose in listed.values() for control in pose} | {"mouthClose"}))
    matrix = np.array([[listed[name].get(control, 0.0) for control in controls] for name in names])
    matrix = _lips_apart(matrix, controls)
    frames = _lips_apart(curves.select(controls).values.astype(np.float64), controls)
    gram, pull = matrix @ matrix.T, frames @ matrix.T
    step = 1 / np.linalg.eigvalsh(gram)[-1]
    weights = ahead = np.zeros((len(frames), len(names)))
    momentum = 1.0
    for _ in range(_ROUNDS):
        before, weights = weights, _project(ahead - step * (ahead @ gram - pull))
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = weights + (momentum - 1) / following * (weights - before)
        momentum = following
    return weights


def _lips_apart(values: NDArray[np.float64], controls: tuple[str, ...]) -> NDArray[np.float64]:
    """`values` [n, controls] with jawOpen less mouthClose for jawOpen: a jaw behind shut lips opens nothing."""
    values = values.copy()
    values[:, controls.index("jawOpen")] -= values[:, controls.index("mouthClose")]
    return values


def _project(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest point of w >= 0, sum(w) <= 1 to each row (Duchi et al. 2008, figure 1)."""
    clipped = np.maximum(values, 0)
    falling = -np.sort(-values, axis=1)
    excess = (np.cumsum(falling, axis=1) - 1) / np.arange(1, values.shape[1] + 1)
    kept = (falling > excess).sum(axis=1, keepdims=True)
    level = np.take_along_axis(excess, kept - 1, axis=1)
    return np.where(clipped.sum(axis=1, keepdims=True) > 1, np.maximum(values - level, 0), clipped)
