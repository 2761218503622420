"""The skin at rest: a closed grid of columns (round the head) and rows (neck to crown) with slits for mouth and eyes.

Millimetres, Y up, the face looks along +Z, the head's own left is +X. All measures are set by hand for this project.
A slit is a row whose vertices are doubled, so that a closed mouth or eye is closed to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOUTH_Y, MOUTH_HALF = -45.0, 23.5
"""Height of the line between the lips; distance of a corner from the middle."""

EYE_Y, EYE_X, EYE_HALF = 25.0, 30.5, 15.3
"""Height of the eyes' axis; the middle of an eye; half the length of its slit."""

_Y = (-150, -125, -112, -104, -98, -90, -80, -70, -58, -45, -30, -12, 10, 25, 40, 60)
_FRONT = (50, 46, 48, 66, 82, 88, 89, 89, 91, 92, 92, 92, 92, 92, 94, 96)
_BACK = (-62, -58, -60, -62, -63, -65, -68, -73, -79, -84, -90, -96, -100, -102, -103, -101)
_SIDE = (58, 55, 56, 55, 54, 56, 60, 64, 66, 68, 70, 73, 75, 76, 78, 79)
_MIDDLE, _CROWN = -8.0, 129.0
"""z of the axis from neck to crown; above the tables' last height the head is an ellipsoid up to the crown."""

_SINES = np.arange(16) * 0.05
_ANGLES = np.concatenate([np.arcsin(_SINES), np.radians([57, 67, 79, 93, 110, 130, 154, 180])])
COLUMNS = np.concatenate([-_ANGLES[:0:-1], _ANGLES[:-1]])
"""Angle of each column from the middle of the face: the back first, round over the head's right."""

MOUTH_COLUMNS, EYE_COLUMNS = 7, (4, 12)
"""Columns from the middle to a corner of the mouth, and to the inner and the outer corner of an eye."""

ROWS = np.array([
    -150, -134, -121, -112, -105, -99, -93, -86, -79, -73, -67, -62, -58, -54.5, -51.5, -49, -47, MOUTH_Y,
    -43, -41, -38.5, -35.5, -31.5, -27, -22.5, -18, -13, -7, 0, 7, 13, 17.5, 21, 23.3, EYE_Y,
    26.7, 29, 32.5, 37, 42, 48, 57, 69, 81, 93, 104, 113, 120, 125, 128, _CROWN,
])  # fmt: skip
MOUTH_ROW = int(np.flatnonzero(ROWS == MOUTH_Y)[0])
EYE_ROW = int(np.flatnonzero(ROWS == EYE_Y)[0])


@dataclass(frozen=True)
class Skin:
    """Vertices and triangles of the grid.

    Attributes
    ----------
    flat
        float64 [vertices, 3] mm: with eyes still shut; what fields of movement are functions of.
    triangles
        int64 [triangles, 3], counter-clockwise from outside.
    side
        int8 [vertices]: +1 on or above the mouth's row, -1 below it, where the lower lip's edge counts as below.
    lid
        int8 [vertices]: the same at the eyes' row.
    mouth
        int64 [2, 15]: upper and lower edge of the slit from the right corner to the left; they share the corners.
    eyes
        int64 [2, 2, 9]: right and left eye, upper and lower edge, from -X to +X; corners shared.
    """

    flat: Array
    triangles: NDArray[np.int64]
    side: NDArray[np.int8]
    lid: NDArray[np.int8]
    mouth: NDArray[np.int64]
    eyes: NDArray[np.int64]


def surface(x: Array, y: Array) -> Array:
    """z of the face's front at (x, y), in mm, with every feature."""
    front, _, half = _outline(y)
    cosine = np.sqrt(np.maximum(1 - (x / np.maximum(half, 1e-9)) ** 2, 0))
    return _MIDDLE + (front - _MIDDLE) * cosine + features(x, y)


def _outline(y: Array) -> tuple[Array, Array, Array]:
    """z of front and back and half the width of the smooth head at heights y."""
    dome = np.sqrt(1 - np.clip((y - _Y[-1]) / (_CROWN - _Y[-1]), 0, 1) ** 2)
    front, back, half = (np.interp(y, _Y, table) for table in (_FRONT, _BACK, _SIDE))
    return _MIDDLE + (front - _MIDDLE) * dome, _MIDDLE + (back - _MIDDLE) * dome, half * dome


def features(x: Array, y: Array) -> Array:
    """What stands out from the smooth head, in mm along z: nose, brows, sockets, cheekbones, lips, chin."""
    across = abs(x)
    nose = np.interp(y, (-25, -21, -15, 0, 25, 34), (0, 9, 22, 14, 3, 0))
    width = np.interp(y, (-24, -13, 25), (9.5, 8.5, 5.5))
    lips = np.exp(-((across / 21) ** 4))
    return (
        nose * np.exp(-((across / width) ** 2))
        + _bump(across, y, 10.5, -17, 5, 5, 7)
        + _bump(across, y, EYE_X, EYE_Y, 16, 11, -5)
        + _bump(across, y, 26, 41, 17, 6, 4)
        + _bump(across, y, 44, 2, 17, 14, 4)
        + lips * 4.5 * np.exp(-(((y + 40.2) / 3.6) ** 2))
        + lips * 5.5 * np.exp(-(((y + 50.0) / 3.9) ** 2))
        + _bump(x, y, 0, -63, 20, 4.5, -2)
        + _bump(x, y, 0, -84, 19, 11, 7)
    )


def skin() -> Skin:
    """The grid, its slits cut."""
    count = len(COLUMNS)
    angle, height = np.meshgrid(COLUMNS, ROWS[:-1])
    flat = np.concatenate([_place(angle, height).reshape(-1, 3), [[0, ROWS[-1], _MIDDLE]]])
    row = np.concatenate([np.repeat(np.arange(len(ROWS) - 1), count), [len(ROWS) - 1]])
    index = np.arange((len(ROWS) - 1) * count).reshape(-1, count)
    middle = int(np.flatnonzero(COLUMNS == 0)[0])
    inner, outer = EYE_COLUMNS
    lines = (
        index[MOUTH_ROW, middle - MOUTH_COLUMNS : middle + MOUTH_COLUMNS + 1],
        index[EYE_ROW, middle - outer : middle - inner + 1],
        index[EYE_ROW, middle + inner : middle + outer + 1],
    )
    below = np.arange(len(flat))  # the vertex that quads under a slit use instead
    lower = []
    for line in lines:
        below[line[1:-1]] = len(flat) + np.arange(len(line) - 2)
        flat = np.concatenate([flat, flat[line[1:-1]]])
        row = np.concatenate([row, row[line[1:-1]] - 0.5])
        lower.append(below[line])
    mouth, *eyes = (np.stack(pair) for pair in zip(lines, lower, strict=True))
    side = np.where(row >= MOUTH_ROW, 1, -1).astype(np.int8)
    lid = np.where(row >= EYE_ROW, 1, -1).astype(np.int8)
    return Skin(flat, _triangles(index, below, len(ROWS[:-1]) * count), side, lid, mouth, np.stack(eyes))


def _place(angle: Array, height: Array) -> Array:
    front, back, half = _outline(height)
    x = half * np.sin(angle)
    cosine = np.cos(angle)
    z = _MIDDLE + np.where(cosine > 0, front - _MIDDLE, _MIDDLE - back) * cosine
    under_jaw = np.clip((-85 - height) / 20, 0, 1) * np.clip((height + 125) / 15, 0, 1)
    y = height + 16 * under_jaw * np.sin(np.minimum(abs(angle), np.pi / 2)) ** 2  # the jaw's edge rises to the ears
    return np.stack([x, y, z + features(x, height) * np.clip(cosine * 3, 0, 1)], axis=-1)


def _triangles(index: NDArray[np.int64], below: NDArray[np.int64], pole: int) -> NDArray[np.int64]:
    found = []
    left = (COLUMNS >= 0)[:, None]
    for row, (upper, under) in enumerate(zip(index[1:], index[:-1], strict=True)):
        lips = abs(row + 0.5 - MOUTH_ROW) < 7
        falling = lips & (left == (row >= MOUTH_ROW))  # diagonals run along the borders of the lips
        a, b = under, np.roll(under, -1)
        c, d = below[np.roll(upper, -1)], below[upper]
        found.append(np.where(falling, np.stack([a, b, d], 1), np.stack([a, b, c], 1)))
        found.append(np.where(falling, np.stack([b, c, d], 1), np.stack([a, c, d], 1)))
    top = index[-1]
    found.append(np.stack([top, np.roll(top, -1), np.full_like(top, pole)], 1))
    return np.concatenate(found)


def _bump(x: Array, y: Array, at_x: float, at_y: float, wide: float, high: float, out: float) -> Array:
    return out * np.exp(-(((x - at_x) / wide) ** 2) - ((y - at_y) / high) ** 2)
