"""Names of animation controls: ARKit's 52 blendshapes, the ones that speech moves, and the closure measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ARKIT_52: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawRight", "jawLeft", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthRight", "mouthLeft", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""Apple's ARFaceAnchor.BlendShapeLocation names, in the order Live Link Face writes them."""

SPEECH_CONTROLS: tuple[str, ...] = (
    "jawOpen", "jawForward", "mouthClose", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthSmileRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "mouthDimpleLeft", "mouthDimpleRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The ARKit controls that articulation moves; a shipped student predicts these and the rest stay at rest."""

_CLOSURE_WEIGHTS: dict[str, float] = {
    "mouthClose": 1.0,
    "jawOpen": -1.0,
    "mouthPressLeft": 0.25,
    "mouthPressRight": 0.25,
    "mouthRollLower": 0.25,
    "mouthRollUpper": 0.25,
    "mouthLowerDownLeft": -0.25,
    "mouthLowerDownRight": -0.25,
    "mouthUpperUpLeft": -0.25,
    "mouthUpperUpRight": -0.25,
    "mouthFunnel": -0.25,
}

_LABIODENTAL_WEIGHTS: dict[str, float] = {
    "mouthRollLower": 1.0,
    "mouthClose": 1.0,
    "jawOpen": -1.0,
    "mouthShrugLower": 0.5,
    "mouthUpperUpLeft": 0.25,
    "mouthUpperUpRight": 0.25,
    "mouthRollUpper": -1.0,
    "mouthPressLeft": -0.5,
    "mouthPressRight": -0.5,
    "mouthLowerDownLeft": -0.25,
    "mouthLowerDownRight": -0.25,
    "mouthFunnel": -0.25,
}


CLOSURE_NEEDS = ("mouthClose", "jawOpen")
"""Controls without which there is no measure of closure."""

LABIODENTAL_NEEDS = ("mouthRollLower", *CLOSURE_NEEDS)
"""Controls without which there is none of lower lip and teeth."""


def closure(values: NDArray[np.floating], controls: Sequence[str]) -> NDArray[np.float32]:
    """How shut the lips are, one number a frame, larger = more shut.

    Parameters
    ----------
    values
        float [frames, controls], ARKit units (0 rest, 1 full).
    controls
        Name of each column; controls of the measure that are absent count as 0.

    Returns
    -------
    float32 [frames]. A sealed p, b or m has mouthClose equal to jawOpen and a raised press, so it lies above
    0; rest lies at 0; an open vowel is negative.
    """
    return _weighted(values, controls, _CLOSURE_WEIGHTS)


def labiodental(values: NDArray[np.floating], controls: Sequence[str]) -> NDArray[np.float32]:
    """How near the lower lip is to the upper teeth with the upper lip out of the way; larger = nearer.

    Parameters and result are those of `closure`. The lower lip's edge is lowered by jawOpen, raised against the jaw by
    mouthClose and mouthShrugLower, and turned in towards the teeth by mouthRollLower; an upper lip that is rolled in
    or pressed meets it first, which is p, b or m. Rest lies at 0.
    """
    return _weighted(values, controls, _LABIODENTAL_WEIGHTS)


def _weighted(values: NDArray[np.floating], controls: Sequence[str], weights: dict[str, float]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32) @ np.array([weights.get(name, 0.0) for name in controls], np.float32)
