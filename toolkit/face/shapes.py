"""ARKit's 52 shapes as fields of movement over the resting face: functions of a `Place`, in millimetres.

Apple's documentation of ARFaceAnchor.BlendShapeLocation says in words what each shape does; the amounts are set by
hand. Two rules keep the lips right: a field that does not part the lips gives both edges of the slit the same
movement, and mouthClose undoes exactly what jawOpen does to them, so equal values of both seal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .skull import EYE_HALF, EYE_X, EYE_Y, MOUTH_HALF, MOUTH_Y, Array

HINGE_Y, HINGE_Z = -5.0, 5.0
"""The axis that the jaw turns about."""

JAW_ANGLE = np.radians(16.0)


@dataclass(frozen=True)
class Place:
    """Where vertices are at rest.

    Attributes
    ----------
    x, y, z
        float64 [n] mm, eyes shut.
    side, lid
        [n]: +1 above the line between the lips (the lids), -1 below.
    """

    x: Array
    y: Array
    z: Array
    side: Array
    lid: Array

    @property
    def across(self) -> Array:
        """0 in the middle of the mouth, 1 at a corner, more beyond."""
        return abs(self.x) / MOUTH_HALF

    @property
    def arch(self) -> Array:
        """1 in the middle of the lips, 0 at the corners and beyond."""
        return np.sqrt(np.maximum(1 - self.across**2, 0))

    @property
    def off(self) -> Array:
        """Distance from the line between the lips, mm."""
        return abs(self.y - MOUTH_Y)

    @property
    def front(self) -> Array:
        """1 on the face, 0 on the back of the head."""
        return step(self.z, 0, 40)


def step(value: Array, low: float, high: float) -> Array:
    """0 up to `low`, 1 from `high`, smooth between."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def bump(p: Place, x: float, y: float, wide: float, high: float) -> Array:
    """1 at (x, y), falling off over `wide` and `high` mm."""
    return np.exp(-(((p.x - x) / wide) ** 2) - ((p.y - y) / high) ** 2) * p.front


def jaw(p: Place) -> Array:
    """How far each vertex goes with the jaw, 0..1: 1 from the lower lip to the chin, so that the jaw stays rigid."""
    edge = np.where(p.side > 0, 0.42 * (1 - p.arch), 0.42 + 0.58 * p.arch)
    reach = 20 + 1.2 * np.maximum(abs(p.x) - MOUTH_HALF, 0)
    share = edge + (np.where(p.side > 0, 0.0, 1.0) - edge) * step(p.off / reach, 0, 1)
    return share * step(p.z, -15, 40) * step(p.y, -138, -102)


def jaw_open(p: Place) -> Array:
    """The turn of jawOpen = 1 times `jaw`."""
    y, z = p.y - HINGE_Y, p.z - HINGE_Z
    cosine, sine = np.cos(JAW_ANGLE), np.sin(JAW_ANGLE)
    turn = stack(0, (cosine - 1) * y - sine * z, sine * y + (cosine - 1) * z, like=y)
    return turn * jaw(p)[:, None]


def stack(x: Array | float, y: Array | float, z: Array | float, like: Array) -> Array:
    """Movements [n, 3] from three components, each an array or a number."""
    return np.stack([np.broadcast_to(np.asarray(part, float), like.shape) for part in (x, y, z)], axis=-1)


def mouth_close(p: Place, upper_edge: Place, lower_edge: Place) -> Array:
    """Takes both lips to one line, 0.3 of the way from above and 0.7 from below, whatever jawOpen does to them."""
    gap = jaw_open(lower_edge) - jaw_open(upper_edge)
    apart = np.stack([np.interp(p.x, upper_edge.x, part, left=0, right=0) for part in gap.T], -1)
    share = np.where(p.side > 0, 0.3, -0.7) * (1 - step(p.off, 0, 22))
    return apart * share[:, None]


def fields(p: Place) -> dict[str, Array]:
    """Every shape of skin and lining but mouthClose and the eyes' turning: name -> movement [n, 3]."""
    found = {"jawOpen": jaw_open(p), "jawForward": stack(0, 0, 7, p.x) * jaw(p)[:, None]}
    for name, sign in (("Left", 1.0), ("Right", -1.0)):
        found[f"jaw{name}"] = stack(sign * 8, 0, 0, p.x) * jaw(p)[:, None]
        found[f"mouth{name}"] = stack(sign * 9, 0, -1, p.x) * bump(p, 0, MOUTH_Y, 30, 17)[:, None]
        found |= {f"{shape}{name}": movement for shape, movement in _sided(p, sign).items()}
    return found | _middle(p)


def _middle(p: Place) -> dict[str, Array]:
    mouth = bump(p, 0, MOUTH_Y, 30, 15)
    lower, upper = (p.side < 0) * p.front, (p.side > 0) * p.front
    near, lip = 1 - step(p.off, 0, 20), 1 - step(p.off, 3, 10)
    curl = step(p.off, 1, 6)  # the red of a lip that is rolled in follows over its edge
    arch = p.arch
    part = (3.0 * upper - 5.0 * lower) * near * arch
    both = np.where(p.side > 0, 1 - step(p.off, 0, 9), 1 - step(p.off, 0, 30)) * p.front * np.exp(-(p.across**4) / 2)
    lifted = np.where(p.side > 0, 1 - step(p.off, 0, 22), 1 - step(p.off, 0, 8)) * p.front * np.exp(-(p.across**4) / 2)
    return {
        "mouthFunnel": stack(-0.3 * p.x * mouth, part, 7 * mouth, p.x),
        "mouthPucker": stack(-0.42 * p.x * mouth, 0, 8.5 * mouth, p.x),
        "mouthRollLower": stack(0, (1.5 + 2.2 * curl) * lower * lip * arch, -6.0 * lower * lip * arch, p.x),
        "mouthRollUpper": stack(0, -(1.2 + 1.8 * curl) * upper * lip * arch, -4.0 * upper * lip * arch, p.x),
        "mouthShrugLower": stack(0, 4.0 * both, 2.0 * both, p.x),
        "mouthShrugUpper": stack(0, 3.0 * lifted, 1.5 * lifted, p.x),
        "browInnerUp": stack(0, 6.5 * np.exp(-((p.x / 21) ** 2)) * _brow(p), 0, p.x),
        "cheekPuff": _puff(p),
        "tongueOut": stack(0, 0, 0, p.x),
    }


def _sided(p: Place, sign: float) -> dict[str, Array]:
    here = step(sign * p.x, -7, 7)
    corner = bump(p, sign * MOUTH_HALF, MOUTH_Y, 15, 14)
    cheek = bump(p, sign * 36, -14, 15, 14)
    lower, upper = (p.side < 0) * p.front * here, (p.side > 0) * p.front * here
    near, beside = 1 - step(p.off, 0, 20), (1 - step(p.off, 9, 16)) * step(p.off, 0, 5)
    arch = p.arch
    pressed = here * (1 - step(p.off, 4, 14)) * np.exp(-(p.across**4) / 2) * p.front
    brow = _brow(p)
    nose = bump(p, sign * 11, -14, 8, 10) * step(p.off, 6, 18) * (p.side > 0)
    lids = _lids(p, sign)
    return {
        "mouthSmile": stack(sign * 5 * corner, 9 * corner + 2.5 * cheek, 2 * cheek - 5 * corner, p.x),
        "mouthFrown": stack(sign * 1 * corner, -8 * corner, -1 * corner, p.x),
        "mouthDimple": stack(sign * 4.5 * corner, 1 * corner, -4 * corner, p.x),
        "mouthStretch": stack(sign * 9 * corner, -3.5 * corner, -5 * corner, p.x),
        "mouthPress": stack(0, -1.6 * p.side * beside * pressed, -1.5 * pressed, p.x),
        "mouthLowerDown": stack(0, -8 * lower * near * arch, -1.0 * lower * near * arch, p.x),
        "mouthUpperUp": stack(0, 7 * upper * near * arch, 0.5 * upper * near * arch, p.x),
        "browDown": stack(-sign * 2 * here * brow, -5.5 * here * brow, 1.0 * here * brow, p.x),
        "browOuterUp": stack(0, 6.5 * np.exp(-(((p.x - sign * 40) / 17) ** 2)) * brow, 0, p.x),
        "cheekSquint": stack(0, 4 * cheek, 2.5 * cheek, p.x) + lids["lower"] * 0.35,
        "noseSneer": stack(sign * 0.5 * nose, 4.5 * nose, 1.0 * nose, p.x),
        "eyeBlink": lids["upper"],
        "eyeSquint": lids["lower"] * 0.6 + lids["upper"] * 0.22,
        "eyeWide": lids["upper"] * -0.26 + lids["lower"] * -0.15,
        "eyeLookUp": lids["upper"] * -0.14,
        "eyeLookDown": lids["upper"] * 0.33 + lids["lower"] * -0.25,
        "eyeLookIn": stack(0, 0, 0, p.x),
        "eyeLookOut": stack(0, 0, 0, p.x),
    }


UPPER_LID, LOWER_LID = 5.6, 4.2
"""Heights of the open lids over and under the axis, mm."""


def opening(p: Place) -> Array:
    """What opens both eyes from the flat face, [n] along y."""
    movement = np.zeros_like(p.x)
    for sign in (1.0, -1.0):
        movement += np.where(p.lid > 0, UPPER_LID, -LOWER_LID) * _almond(p, sign)
    return movement


def _almond(p: Place, sign: float) -> Array:
    """1 on the middle of a lid's edge, 0 at the corners; fades upward and downward."""
    across = (p.x - sign * EYE_X) / EYE_HALF
    return np.maximum(1 - across**2, 0) * np.exp(-abs(p.y - EYE_Y) / 8) * p.front


def _lids(p: Place, sign: float) -> dict[str, Array]:
    """Movements that take the upper lid to where the lower is, and the lower one to the axis."""
    almond = _almond(p, sign)
    down = stack(0, -(UPPER_LID + LOWER_LID) * almond * (p.lid > 0), 0, p.x)
    return {"upper": down, "lower": stack(0, LOWER_LID * almond * (p.lid < 0), 0, p.x)}


def _brow(p: Place) -> Array:
    return step(p.y, 31, 39) * (1 - step(p.y, 46, 72)) * p.front


def _puff(p: Place) -> Array:
    both = bump(p, 40, -38, 17, 15) + bump(p, -40, -38, 17, 15)
    return stack(np.sign(p.x) * 8 * both, 0, 6 * both, p.x)
