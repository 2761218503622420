"""The Live Link Face CSV, read back without facelite's help."""

from __future__ import annotations

import re

import numpy as np
import pytest
from facelite.curves import Curves
from facelite.errors import BadInput
from facelite.export import write

# Header of a recording from the app, as importers of it expect it.
APP_HEADER = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,EyeLookUpLeft,EyeSquintLeft,"
    "EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,EyeLookOutRight,EyeLookUpRight,EyeSquintRight,"
    "EyeWideRight,JawForward,JawRight,JawLeft,JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,"
    "MouthSmileLeft,MouthSmileRight,MouthFrownLeft,MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,MouthStretchLeft,"
    "MouthStretchRight,MouthRollLower,MouthRollUpper,MouthShrugLower,MouthShrugUpper,MouthPressLeft,MouthPressRight,"
    "MouthLowerDownLeft,MouthLowerDownRight,MouthUpperUpLeft,MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,"
    "BrowOuterUpLeft,BrowOuterUpRight,CheekPuff,CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,"
    "TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll"
)


@pytest.fixture
def curves() -> Curves:
    """75 s of three controls at 62.5 frames a second, one of which Live Link Face does not know."""
    seconds = np.arange(4688) / 62.5
    jaw = 0.5 - 0.5 * np.cos(2 * np.pi * seconds / 3)
    press = np.linspace(0, 1, len(seconds))
    values = np.stack([press, jaw, np.full_like(jaw, 0.9)], axis=1).astype(np.float32)
    return Curves(values, ("mouthPressLeft", "jawOpen", "snarl"))


def _rows(path) -> tuple[list[str], list[list[str]]]:
    header, *rows = [line.split(",") for line in path.read_text().splitlines()]
    return header, rows


def _seconds(timecode: str, fps: float) -> float:
    hours, minutes, seconds, frame = re.fullmatch(r"(\d\d):(\d\d):(\d\d):(\d\d\.\d\d\d)", timecode).groups()
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(frame) / fps


def test_columns_are_those_of_the_app(tmp_path, curves):
    write(tmp_path / "talk.csv", curves)
    header, rows = _rows(tmp_path / "talk.csv")
    assert header == APP_HEADER.split(",")
    assert {len(row) for row in rows} == {63}
    assert {row[1] for row in rows} == {"61"}


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_timecodes_step_by_one_frame_and_cover_the_clip(tmp_path, curves, fps):
    write(tmp_path / "talk.csv", curves, fps)
    times = np.array([_seconds(row[0], fps) for row in _rows(tmp_path / "talk.csv")[1]])
    np.testing.assert_allclose(times, np.arange(len(times)) / fps, atol=1e-9)
    assert 0 <= (len(curves.values) - 1) / 62.5 - times[-1] < 1 / fps


def test_values_are_the_curves_at_those_times_and_absent_controls_are_zero(tmp_path, curves):
    write(tmp_path / "talk.csv", curves, 60)
    header, rows = _rows(tmp_path / "talk.csv")
    table = {name: np.array([float(row[column]) for row in rows]) for column, name in enumerate(header) if column > 1}
    times = np.arange(len(rows)) / 60
    source = np.arange(len(curves.values)) / 62.5
    np.testing.assert_allclose(table.pop("MouthPressLeft"), np.interp(times, source, curves.values[:, 0]), atol=2e-6)
    np.testing.assert_allclose(table.pop("JawOpen"), np.interp(times, source, curves.values[:, 1]), atol=2e-6)
    assert all(not column.any() for column in table.values())


def test_ntsc_rates_count_non_drop_frames(tmp_path, curves):
    written = write(tmp_path / "talk.csv", curves, 29.97)
    rows = _rows(tmp_path / "talk.csv")[1]
    assert rows[30][0] == "00:00:01:00.000"
    assert len(rows) == len(written.values) == int((len(curves.values) - 1) / 62.5 * 29.97) + 1


@pytest.mark.parametrize("fps", [62.5, 0, -30, float("nan"), 1001])
def test_a_rate_that_cannot_be_written_is_refused_and_nothing_is_left(tmp_path, curves, fps):
    with pytest.raises(BadInput, match="--fps"):
        write(tmp_path / "talk.csv", curves, fps)
    assert list(tmp_path.iterdir()) == []
