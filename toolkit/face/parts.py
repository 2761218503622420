"""What is not skin: mouth lining, teeth, tongue, eyeballs, brows, ears; in millimetres, as in `skull`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .skull import EYE_X, EYE_Y, MOUTH_Y, Array, surface

EYE_RADIUS = 12.0
EYE_CENTRE_Z = 68.5

LIP_Z = float(surface(np.zeros(1), np.array([MOUTH_Y]))[0])
ARCH_Z = LIP_Z - 5.0
"""The upper incisors' front: 5 mm behind the line between the lips."""

INCISAL = {"upper": MOUTH_Y - 1.0, "lower": MOUTH_Y - 0.5}
"""Heights of the biting edges: the lower ones stand a little higher, behind the upper ones."""

_OVERJET = 3.2
_TOOTH_WIDTHS = (4.3, 3.4, 3.7, 3.6, 3.6)  # half the arch: central, lateral, canine, two premolars; halves of 8.6 mm …


@dataclass(frozen=True)
class Part:
    """Vertices [n, 3] in mm, triangles [t, 3] of its own vertices, and one colour a vertex or for all."""

    name: str
    points: Array
    triangles: NDArray[np.int64]
    colour: NDArray[np.float64]


def grid(rows: int, columns: int, closed: bool = False) -> NDArray[np.int64]:
    """Triangles of a grid of vertices in row order; with `closed` the last column meets the first."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = (index, np.roll(index, -1, 1)) if closed else (index[:, :-1], index[:, 1:])
    quads = np.stack([a[:-1], b[:-1], b[1:], a[1:]], -1).reshape(-1, 4)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def teeth(which: str) -> Part:
    """Ten teeth and their gum along a parabola; `which` is "upper" or "lower"."""
    sign = 1.0 if which == "upper" else -1.0
    front = ARCH_Z - (0 if which == "upper" else _OVERJET)
    points: list[Array] = []
    triangles: list[NDArray[np.int64]] = []
    colours: list[Array] = []
    shrink = 1.0 if which == "upper" else 0.8
    left = 0.0
    for number, half in enumerate(_TOOTH_WIDTHS):
        width = 2 * half * shrink
        for mirror in (1, -1):
            corners = _tooth(left, left + width, front, sign, INCISAL[which] + sign * (0.5 if number > 2 else 0))
            corners[:, 0] *= mirror
            order = _BOX if mirror * sign > 0 else _BOX[:, ::-1]
            triangles.append(order + 12 * len(points))
            points.append(corners)
            colours.append(np.repeat([[0.82, 0.80, 0.72], [0.74, 0.69, 0.6], [0.55, 0.16, 0.16]], 4, 0))
        left += width * 0.93
    return Part(f"teeth_{which}", np.concatenate(points), np.concatenate(triangles), np.concatenate(colours))


def _tooth(inner: float, outer: float, front: float, sign: float, edge: float) -> Array:
    x = np.array([inner + 0.15, outer - 0.15, outer - 0.15, inner + 0.15])
    arch = front - 0.034 * x**2
    back = np.array([0, 0, 1, 1])
    rings = []
    for height, thick, taper in ((0.0, 1.6, 0.0), (7.5, 4.0, 0.06), (11.5, 5.0, 0.0)):
        middle = (inner + outer) / 2
        rings.append(np.stack([x + (middle - x) * taper, np.full(4, edge + sign * height), arch - back * thick], 1))
    return np.concatenate(rings)


def _box() -> NDArray[np.int64]:
    ring = np.arange(4)
    side = np.stack([ring, (ring + 1) % 4, (ring + 1) % 4 + 4, ring + 4], 1)
    quads = np.concatenate([side, side + 4, [[3, 2, 1, 0]]])
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


_BOX = _box()


def tongue() -> Part:
    """A slab with a round tip, at rest behind the lower teeth; rows run from root to tip."""
    rows, columns = 9, 10
    along = np.linspace(0, 1, rows)[:, None]
    around = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    width = 13.5 * np.sqrt(np.maximum(1 - np.maximum((along - 0.45) / 0.55, 0) ** 2.4, 0.0))
    height = 5.0 * np.sqrt(np.maximum(1 - along**4, 0.0))
    z = 38 + along * (ARCH_Z - _OVERJET - 7 - 38) + 0 * around
    y = MOUTH_Y - 9.5 + 6.0 * along + height * np.sin(around) + 2.5 * np.sin(np.pi * along)
    y -= 1.2 * np.exp(-((np.cos(around) / 0.25) ** 2)) * (np.sin(around) > 0) * (1 - along)
    points = np.stack([width * np.cos(around), y, z], -1).reshape(-1, 3)
    return Part("tongue", points, grid(rows, columns, closed=True), np.array([0.55, 0.16, 0.17]))


def eyeball(left: bool) -> Part:
    """A sphere with its pole forward; rings at the borders of pupil and iris keep them sharp."""
    angles = np.radians([0.01, 10.5, 12, 26, 28, 34, 55, 80, 110])
    colours = np.array([(0.005,) * 3, (0.005,) * 3, (0.10, 0.2, 0.26), (0.05, 0.11, 0.16)] + [(0.82, 0.81, 0.8)] * 5)
    around = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    ring = np.stack([np.cos(around), np.sin(around), 0 * around], -1)
    points = np.sin(angles)[:, None, None] * ring + np.cos(angles)[:, None, None] * np.array([0, 0, 1.0])
    centre = eye_centre(left)
    name = "eye_left" if left else "eye_right"
    triangles = grid(len(angles), len(around), closed=True)[:, ::-1]
    return Part(name, centre + EYE_RADIUS * points.reshape(-1, 3), triangles, np.repeat(colours, len(around), 0))


def eye_centre(left: bool) -> Array:
    """Centre of an eyeball, [3] in mm."""
    return np.array([EYE_X if left else -EYE_X, EYE_Y, EYE_CENTRE_Z])


def brows() -> Part:
    """Two tapered strips that lie on the brow ridge."""
    along = np.linspace(0, 1, 8)
    x = 12 + 34 * along
    middle = 40.5 + 4.5 * np.sin(np.pi * (0.15 + 0.72 * along))
    half = 2.4 * (1 - 0.75 * along**2)
    sides = []
    for mirror in (1, -1):
        for shift, out in ((-1, 0.2), (0, 2.2), (1, 0.2)):
            y = middle + shift * half
            sides.append(np.stack([mirror * x, y, surface(x, y) + out], -1))
    triangles = grid(3, len(along))
    both = np.concatenate([triangles, triangles[:, ::-1] + 3 * len(along)])
    return Part("brows", np.concatenate(sides), both, np.array([0.05, 0.03, 0.02]))


def ears() -> Part:
    """Two flat ellipsoids with a hollow."""
    latitude = np.linspace(-np.pi / 2, np.pi / 2, 7)[:, None]
    longitude = np.linspace(0, 2 * np.pi, 12, endpoint=False)[None]
    y = 27 * np.sin(latitude) + 0 * longitude
    z = 15 * np.cos(latitude) * np.cos(longitude) - 0.22 * y
    x = 6 * np.cos(latitude) * np.sin(longitude) - 0.35 * z
    one = np.stack([75 + x, 4 + y, -10 + z], -1).reshape(-1, 3)
    triangles = grid(7, 12, closed=True)
    both = np.concatenate([triangles, triangles[:, ::-1] + len(one)])
    return Part("ears", np.concatenate([one, one * (-1, 1, 1)]), both, np.array([0.62, 0.36, 0.27]))
