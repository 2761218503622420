"""The head's anatomy, measured: lips meet, teeth and lip touch, the jaw is a bone, nothing shows that should not."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.controls import ARKIT_52
from facelite.face import head
from facelite.face.raster import draw
from facelite.teachers.articulation import TARGETS

MM = 1000.0
PARTING = {"jawOpen", "mouthClose", "mouthFunnel", "mouthRollLower", "mouthRollUpper", "jawForward", "jawLeft",
           "jawRight", "tongueOut", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
           "mouthUpperUpRight"}  # fmt: skip


def gap(pose: dict[str, float]) -> float:
    """Largest distance between the lips' edges, mm."""
    positions = head().pose(pose)
    apart = positions[head().edges["lip_upper"]] - positions[head().edges["lip_lower"]]
    return float(np.linalg.norm(apart, axis=1).max()) * MM


def visible(pose: dict[str, float], *parts: str, size: int = 160) -> int:
    """Pixels of `parts` in a picture of the lower face or of the eyes, of size * size."""
    centre, height = ((0.0, 0.025), 0.11) if "eye_left" in parts else ((0.0, -0.045), 0.07)
    _, shown = draw(head(), head().pose(pose), size, centre=centre, height=height)
    first = head().triangles[shown[shown >= 0], 0]
    return int(sum(((first >= head().parts[part].start) & (first < head().parts[part].stop)).sum() for part in parts))


def test_it_has_every_shape_and_each_moves_something():
    assert head().controls == ARKIT_52
    assert (abs(head().deltas).max(axis=(1, 2)) * MM > 1).all()
    assert 4000 < len(head().triangles) < 6500


@pytest.mark.parametrize("opening", [0.1, 0.4, 1.0])
def test_lips_seal_when_mouth_close_equals_jaw_open(opening):
    pose = {"jawOpen": opening, "mouthClose": opening, "mouthPressLeft": 0.6, "mouthPressRight": 0.6}
    assert gap(pose | {"mouthClose": 0.0}) > 20 * opening
    assert gap(pose) < 0.01


@pytest.mark.parametrize("name", sorted(set(ARKIT_52) - PARTING))
def test_a_shape_that_does_not_part_the_lips_keeps_them_together(name):
    assert gap({name: 1.0}) < 0.01


def test_closed_lips_hide_teeth_and_tongue_and_open_ones_show_them():
    inside = ("mouth", "teeth_upper", "teeth_lower", "tongue")
    assert visible({}, *inside) == 0
    assert visible({"jawOpen": 0.3, "mouthClose": 0.3, "mouthPressLeft": 0.5, "mouthPressRight": 0.5}, *inside) == 0
    assert visible({"jawOpen": 0.7}, *inside) > 1500


def test_the_lower_lip_touches_the_upper_teeth_in_f_and_v():
    pose = {"jawOpen": 0.1, "mouthClose": 0.1, "mouthRollLower": 0.7, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2}
    positions = head().pose(pose)
    lip = positions[head().edges["lip_lower"][5:10]]
    teeth = positions[head().parts["teeth_upper"]]
    teeth = teeth[(abs(teeth[:, 0]) < 0.009) & (teeth[:, 1] < teeth[:, 1].min() + 0.0085)]
    nearest_z = abs(lip[:, None, 2] - teeth[None, :, 2]).min(axis=1) * MM
    assert nearest_z.max() < 2.5
    assert (lip[:, 1] > teeth[:, 1].min()).all()  # over the biting edge: the teeth rest on the lip
    assert visible(pose, "teeth_lower", "tongue") == 0


@pytest.mark.parametrize("name", ["F", "V"])
def test_the_teachers_f_and_v_show_the_upper_teeth_on_the_lower_lip(name):
    pose = _spoken(name)
    assert visible(pose, "teeth_upper") > 60
    assert visible(pose, "teeth_lower", "tongue") == 0


def test_the_tongue_is_seen_over_the_lower_teeth_in_th():
    pose = _spoken("TH")
    assert visible(pose, "tongue") > 1.5 * visible(pose | {"tongueOut": 0.0}, "tongue")
    assert visible(pose, "teeth_lower") < visible(pose | {"tongueOut": 0.0}, "teeth_lower")


def _spoken(symbol: str) -> dict[str, float]:
    """What the oracle aims at for a sound, both sides alike."""
    pose = {}
    for name, value in TARGETS[symbol].pose.items():
        sides = (name,) if name in ARKIT_52 else (f"{name}Left", f"{name}Right")
        pose |= dict.fromkeys(sides, value)
    return pose


def _beyond(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """How far each point lies outside a closed polygon, 0 inside; even-odd rule, distance to the nearest side."""
    start, end = outline[:, None], np.roll(outline, -1, axis=0)[:, None]
    (x, y), side = points.T, end - start
    crosses = (start[..., 1] > y) != (end[..., 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        left_of = x < start[..., 0] + side[..., 0] * (y - start[..., 1]) / side[..., 1]
    inside = (crosses & left_of).sum(0) % 2 == 1
    along = np.clip(((points - start) * side).sum(-1) / np.maximum((side**2).sum(-1), 1e-12), 0, 1)
    distance = np.linalg.norm(points - start - along[..., None] * side, axis=-1).min(0)
    return np.where(inside, 0.0, distance)


WIDE = {"jawOpen": 0.6}
SIDES = ("Left", "Right")


@pytest.mark.parametrize("yaw", [-30, 0, 30])
@pytest.mark.parametrize(
    "pose",
    [
        {"jawOpen": 1.0},
        {"jawOpen": 0.4, "mouthFunnel": 0.5, "mouthPucker": 0.3},
        {"jawOpen": 0.7, "mouthFunnel": 1.0, "mouthPucker": 1.0},
        WIDE | {f"mouthStretch{side}": 1.0 for side in SIDES},
        WIDE | {f"mouthSmile{side}": 1.0 for side in SIDES},
        WIDE | {"mouthLeft": 1.0, "jawRight": 1.0},
        {"jawOpen": 0.1, "mouthRollLower": 0.7, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2},
    ],
)
def test_the_inside_of_the_mouth_shows_between_the_lips_alone(pose, yaw):
    size, height = 240, 0.08
    positions = head().pose(pose)
    _, shown = draw(head(), positions, size, yaw, (0.0, -0.05), height)
    first = head().triangles[np.maximum(shown, 0), 0]
    inside = np.zeros(shown.shape, bool)
    for part in ("mouth", "teeth_upper", "teeth_lower", "tongue"):
        inside |= (first >= head().parts[part].start) & (first < head().parts[part].stop) & (shown >= 0)
    edge = positions[np.concatenate([head().edges["lip_upper"], head().edges["lip_lower"][::-1]])]
    across = edge[:, 0] * np.cos(np.radians(yaw)) + edge[:, 2] * np.sin(np.radians(yaw))
    outline = np.stack([across, -0.05 - edge[:, 1]], -1) * (size / height) + size / 2
    rows, columns = np.nonzero(inside)
    assert len(rows) > 100
    assert _beyond(np.stack([columns, rows], -1) + 0.5, outline).max() < 1.0


def test_the_jaw_moves_as_one_bone():
    rest = head().positions
    chin = (abs(rest[:, 0]) < 0.02) & (rest[:, 1] > -0.098) & (rest[:, 1] < -0.067) & (rest[:, 2] > 0.06)
    bone = np.concatenate([np.flatnonzero(chin), np.arange(*head().parts["teeth_lower"].indices(10**6))])
    for name in ("jawOpen", "jawForward", "jawLeft", "jawRight"):
        before, after = (p[bone] - p[bone].mean(0) for p in (rest, head().pose({name: 1.0})))
        left, _, right = np.linalg.svd(before.T @ after)
        assert abs(before @ (left @ right) - after).max() * MM < 0.6, name


def test_lids_close_over_the_eyes():
    shut = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    assert visible({}, "eye_left", "eye_right") > 500
    assert visible(shut, "eye_left", "eye_right") == 0
    positions = head().pose(shut)
    for side in ("left", "right"):
        apart = positions[head().edges[f"lid_upper_{side}"]] - positions[head().edges[f"lid_lower_{side}"]]
        assert abs(apart).max() * MM < 0.05


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_the_eyeball_never_pokes_through_a_lid_on_its_way(share):
    """A morph target moves in a straight line, a lid round the ball: its edge must stay outside all the way."""
    positions = head().pose({"eyeBlinkLeft": share, "eyeBlinkRight": share})
    centre = np.array([0.0305, 0.025, 0.0685])
    lid = positions[head().edges["lid_upper_left"]]
    assert np.linalg.norm(lid - centre, axis=1).min() * MM > 12.0


def test_left_and_right_mirror_each_other():
    for name in ARKIT_52:
        if name.endswith("Left"):
            column, other = ARKIT_52.index(name), ARKIT_52.index(name.removesuffix("Left") + "Right")
            left, right = (np.linalg.norm(head().deltas[c], axis=1).sum() for c in (column, other))
            assert left == pytest.approx(right, rel=1e-3)
