"""Puts skin, lining and parts together and gives each its movements."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..controls import ARKIT_52
from . import parts, shapes
from .mesh import Head
from .shapes import Place
from .skull import EYE_X, EYE_Y, MOUTH_Y, Array, Skin, skin

_LID_CLEARANCE = 1.3
"""Lids keep this far, mm, from the eyeball, more than a straight path cuts off a blink's arc (0.6 mm)."""

_RIM, _LASH = (0.5, 0.24, 0.2), (0.05, 0.03, 0.025)

_GAZE = {"eyeLookUp": (-20, 0), "eyeLookDown": (18, 0), "eyeLookIn": (0, -28), "eyeLookOut": (0, 28)}
"""Degrees about X and, for the left eye, about Y."""

_LINING = ((1.0, 0.6, -3.0), (1.05, 8.0, -6.5), (1.3, 15.0, -14.0), (1.35, 20.0, -34.0), (0.1, 8.0, -62.0))
"""Rows behind a lip's edge: x as a share of the edge's, rise from the lips' line and depth, mm; round the teeth."""


@cache
def head() -> Head:
    """facelite's own head: about 6,000 triangles, 52 shapes, half a second to make."""
    built = skin()
    place = _place(built.flat, built.side.astype(float), built.lid.astype(float))
    upper, lower = (Place(*(part[line] for part in vars(place).values())) for line in built.mouth)
    lower.side[:] = -1
    face = shapes.fields(place) | {"mouthClose": shapes.mouth_close(place, upper, lower)}
    open_face = _open_eyes(built.flat, place)
    skin_deltas = np.stack([_over_eyes(open_face, face[name], place) for name in ARKIT_52])
    pieces = [
        (parts.Part("skin", open_face, built.triangles, _skin_colours(built)), skin_deltas),
        _lining(built, open_face, skin_deltas),
        _rims(built, open_face, skin_deltas),
        *((_rigid(parts.teeth(which), jaw=which == "lower")) for which in ("upper", "lower")),
        _tongue(),
        *((_eye(left)) for left in (False, True)),
        _brows(),
        (parts.ears(), np.zeros((len(ARKIT_52), len(parts.ears().points), 3))),
    ]
    return _merge(pieces, built)


def _place(points: Array, side: Array | float, lid: Array | float = 1.0) -> Place:
    x, y, z = points.T
    spread = [np.broadcast_to(np.asarray(value, float), x.shape).copy() for value in (side, lid)]
    return Place(x.copy(), y.copy(), z.copy(), *spread)


def _open_eyes(flat: Array, place: Place) -> Array:
    return _clear(flat + shapes.stack(0, shapes.opening(place), 0, place.x))


def _over_eyes(points: Array, delta: Array, place: Place) -> Array:
    """`delta`, bent so that what it moves near an eye stays outside the eyeball."""
    close = (abs(abs(place.x) - EYE_X) < 18) & (abs(place.y - EYE_Y) < 16) & (place.z > 30)
    moved = points + delta
    cleared = _clear(moved)
    return np.where(close[:, None] & (abs(delta).max(1) > 1e-9)[:, None], cleared - points, delta)


def _clear(points: Array) -> Array:
    """Points inside an eyeball's surroundings pushed forward onto them."""
    points = points.copy()
    for left in (True, False):
        centre = parts.eye_centre(left)
        offset = points - centre
        room = (parts.EYE_RADIUS + _LID_CLEARANCE) ** 2 - offset[:, 0] ** 2 - offset[:, 1] ** 2
        surface = centre[2] + np.sqrt(np.maximum(room, 0))
        near = (room > 0) & (points[:, 2] > 20)
        points[:, 2] = np.where(near, np.maximum(points[:, 2], surface), points[:, 2])
    return points


def _skin_colours(built: Skin) -> Array:
    x, y, _ = built.flat.T
    border = np.where(built.side > 0, 5.2 + 0.8 * np.exp(-(((abs(x) - 5) / 4) ** 2)), 7.2)
    inside = np.sqrt(np.maximum(1 - (x / 25.5) ** 2, 0)) * border
    red = (np.clip((inside - abs(y - MOUTH_Y)) / 2.5 + 0.5, 0, 1) * (built.flat[:, 2] > 40) * (abs(x) < 25))[:, None]
    return np.array([0.66, 0.40, 0.30]) * (1 - red) + np.array([0.50, 0.17, 0.16]) * red


def _lining(built: Skin, face: Array, deltas: Array) -> tuple[parts.Part, Array]:
    """The inside of the lips and of the mouth: rows behind both edges, joined at the cheeks and in the throat."""
    rows, moves, colours = [], [], []
    for line, sign in zip(built.mouth, (1.0, -1.0), strict=True):
        edge = face[line]
        for depth, (narrow, rise, back) in enumerate(((1.0, 0.0, 0.0), *_LINING)):
            row = edge * (narrow, 1, 1) + (0, sign * rise, back)
            rows.append(row)
            moves.append(_lining_moves(deltas[:, line], row, sign, depth))
            colours.append(np.tile([(0.50, 0.17, 0.16), (0.42, 0.12, 0.12), (0.2, 0.05, 0.05)][min(depth, 2)], (15, 1)))
    columns, depth = built.mouth.shape[1], len(_LINING) + 1
    strip = parts.grid(depth, columns)
    index = np.arange(2 * depth * columns).reshape(2, depth, columns)
    walls = [_wall(index[:, :, 0]), _wall(index[:, :, -1])[:, ::-1], _wall(index[:, -1, :])]
    triangles = np.concatenate([strip[:, ::-1], strip + depth * columns, *walls])
    part = parts.Part("mouth", np.concatenate(rows), triangles, np.concatenate(colours))
    return part, np.concatenate(moves, axis=1)


def _lining_moves(edge: Array, row: Array, sign: float, depth: int) -> Array:
    follow = (1.0, 1.0, 0.6, 0.1, 0.0, 0.0)[depth]
    moves = edge * follow
    rigid = 0.0 if sign > 0 else 1.0
    place = _place(row, sign)
    if depth > 1:
        place = _place(row, sign)
        whole = shapes.jaw_open(place) / np.maximum(shapes.jaw(place), 1e-6)[:, None]
        share = (1 - follow) * rigid * (0.4 if depth == len(_LINING) else 1.0)
        moves[ARKIT_52.index("jawOpen")] += whole * share
    return moves


def _rims(built: Skin, face: Array, deltas: Array) -> tuple[parts.Part, Array]:
    """The lids' thickness, from each edge back to behind the eyeball's front, and the upper lids' lashes."""
    points, moves, triangles, colours, start = [], [], [], [], 0
    for eye in built.eyes:
        for line, upper in zip(eye, (True, False), strict=True):
            edge, count = face[line], len(line)
            lash = edge + np.sin(np.linspace(0.3, np.pi - 0.3, count))[:, None] * (0, -0.5, 1.5)
            inward = parts.grid(2, count) + start
            points += [edge, edge - (0, 0, 9)]
            colours += [np.tile(_RIM, (2 * count, 1))]
            triangles.append(inward[:, ::-1] if upper else inward)
            if upper:
                points += [edge, lash]
                colours += [np.tile(_LASH, (2 * count, 1))]
                triangles.append(inward[:, ::-1] + 2 * count)
            moves += [deltas[:, line]] * (4 if upper else 2)
            start += (4 if upper else 2) * count
    part = parts.Part("lids", np.concatenate(points), np.concatenate(triangles), np.concatenate(colours))
    return part, np.concatenate(moves, axis=1)


def _wall(index: NDArray[np.int64]) -> NDArray[np.int64]:
    upper, lower = index
    quads = np.stack([lower[:-1], lower[1:], upper[1:], upper[:-1]], 1)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _rigid(part: parts.Part, jaw: bool) -> tuple[parts.Part, Array]:
    deltas = np.zeros((len(ARKIT_52), len(part.points), 3))
    if jaw:
        chin = _place(part.points, -1)
        whole = shapes.jaw_open(chin) / np.maximum(shapes.jaw(chin), 1e-6)[:, None]
        deltas[ARKIT_52.index("jawOpen")] = whole
        deltas[ARKIT_52.index("jawForward")] = (0, 0, 7)
        deltas[ARKIT_52.index("jawLeft")] = (8, 0, 0)
        deltas[ARKIT_52.index("jawRight")] = (-8, 0, 0)
    return part, deltas


def _tongue() -> tuple[parts.Part, Array]:
    part, deltas = _rigid(parts.tongue(), jaw=True)
    z = part.points[:, 2]
    along = (z - z.min()) / (z.max() - z.min())
    deltas[ARKIT_52.index("tongueOut")] = np.stack([0 * z, 10 * along - 5 * along**6, 38 * along**1.5], -1)
    return part, deltas


def _eye(left: bool) -> tuple[parts.Part, Array]:
    part, deltas = _rigid(parts.eyeball(left), jaw=False)
    offset = part.points - parts.eye_centre(left)
    for name, (pitch, yaw) in _GAZE.items():
        a, b = np.radians(pitch), np.radians(yaw if left else -yaw)
        about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
        about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
        deltas[ARKIT_52.index(f"{name}{'Left' if left else 'Right'}")] = offset @ (about_y @ about_x).T - offset
    return part, deltas


def _brows() -> tuple[parts.Part, Array]:
    part = parts.brows()
    moved = shapes.fields(_place(part.points, 1))
    zero = np.zeros_like(part.points)
    return part, np.stack([moved[name] if name.startswith("brow") else zero for name in ARKIT_52])


def _merge(pieces: list[tuple[parts.Part, Array]], built: Skin) -> Head:
    start, slices, triangles, colours = 0, {}, [], []
    for part, _ in pieces:
        slices[part.name] = slice(start, start + len(part.points))
        triangles.append(part.triangles + start)
        colours.append(np.broadcast_to(part.colour, part.points.shape))
        start += len(part.points)
    edges = {"lip_upper": built.mouth[0], "lip_lower": built.mouth[1]}
    for name, (upper, lower) in zip(("right", "left"), built.eyes, strict=True):
        edges |= {f"lid_upper_{name}": upper, f"lid_lower_{name}": lower}
    return Head(
        positions=np.concatenate([part.points for part, _ in pieces]).astype(np.float32) / np.float32(1000),
        triangles=np.concatenate(triangles).astype(np.int32),
        colours=np.concatenate(colours).astype(np.float32),
        controls=ARKIT_52,
        deltas=(np.concatenate([deltas for _, deltas in pieces], axis=1) / 1000).astype(np.float32),
        parts=slices,
        edges=edges,
    )
