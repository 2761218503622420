"""A small z-buffer: pictures of a head without a graphics card, and which part each pixel shows."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..atomic import write_bytes
from .mesh import Head

_LIGHT = np.array([0.35, 0.45, 0.82])
_BACKGROUND = (0.09, 0.10, 0.12)


def draw(
    head: Head,
    positions: NDArray[np.float32],
    size: int = 240,
    yaw: float = 0.0,
    centre: tuple[float, float] = (0.0, -0.01),
    height: float = 0.27,
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Orthographic picture of posed positions.

    Parameters
    ----------
    head, positions
        The mesh, and its vertices as `Head.pose` gives them.
    size
        Pixels a side.
    yaw
        Degrees that the head is turned to its own left.
    centre, height
        Point of the picture's middle and height of what it shows, metres.

    Returns
    -------
    uint8 [size, size, 3] in sRGB and int32 [size, size]: the triangle that each pixel shows, -1 for none.
    """
    turn = np.radians(yaw)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    turned = positions @ rotation.T
    scale = size / height
    x = (turned[:, 0] - centre[0]) * scale + size / 2
    y = (centre[1] - turned[:, 1]) * scale + size / 2
    depth, shown = np.full((size, size), -np.inf), np.full((size, size), -1, np.int32)
    weights = np.zeros((size, size, 3))
    for number, corners in enumerate(head.triangles):
        _fill(number, x[corners], y[corners], turned[corners, 2], depth, shown, weights)
    return _shade(head, head.normals(positions) @ rotation.T, shown, weights), shown


def _fill(
    number: int,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    z: NDArray[np.float64],
    depth: NDArray[np.float64],
    shown: NDArray[np.int32],
    weights: NDArray[np.float64],
) -> None:
    area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    if area >= 0:  # seen from behind, since y points down
        return
    size = len(depth)
    left, right = max(int(np.ceil(x.min() - 0.5)), 0), min(int(np.floor(x.max() - 0.5)), size - 1)
    top, bottom = max(int(np.ceil(y.min() - 0.5)), 0), min(int(np.floor(y.max() - 0.5)), size - 1)
    if left > right or top > bottom:
        return
    px, py = np.arange(left, right + 1)[None] + 0.5, np.arange(top, bottom + 1)[:, None] + 0.5
    b = ((px - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (py - y[0])) / area
    c = ((x[1] - x[0]) * (py - y[0]) - (px - x[0]) * (y[1] - y[0])) / area
    a = 1 - b - c
    here = a * z[0] + b * z[1] + c * z[2]
    window = np.s_[top : bottom + 1, left : right + 1]
    wins = (a >= 0) & (b >= 0) & (c >= 0) & (here > depth[window])
    depth[window][wins] = here[wins]
    shown[window][wins] = number
    weights[window][wins] = np.stack([a, b, c], -1)[wins]


def _shade(head: Head, normals: NDArray, shown: NDArray, weights: NDArray) -> NDArray[np.uint8]:
    corners = head.triangles[np.maximum(shown, 0)]
    normal = np.einsum("hwc,hwcx->hwx", weights, normals[corners])
    colour = np.einsum("hwc,hwcx->hwx", weights, head.colours[corners])
    light = 0.25 + 0.85 * np.maximum(normal @ (_LIGHT / np.linalg.norm(_LIGHT)), 0)
    linear = np.where((shown >= 0)[..., None], colour * light[..., None], _BACKGROUND)
    return (np.clip(linear, 0, 1) ** (1 / 2.2) * 255).round().astype(np.uint8)


def write_png(path: str | Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture uint8 [height, width, 3] as PNG."""
    height, width, _ = picture.shape
    lines = b"".join(b"\0" + line.tobytes() for line in picture)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    write_bytes(path, b"\x89PNG\r\n\x1a\n" + body)
