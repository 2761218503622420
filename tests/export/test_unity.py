"""Unity's YAML read back with PyYAML."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import yaml
from facelite.curves import Curves
from facelite.errors import BadInput
from facelite.export import write


class Unity(yaml.SafeLoader):
    """Knows the tags of Unity's objects."""


Unity.add_multi_constructor("tag:unity3d.com,2011:", lambda loader, suffix, node: loader.construct_mapping(node, True))


@pytest.fixture
def curves() -> Curves:
    values = np.random.default_rng(4).random((25, 2), np.float32)
    return Curves(values, ("jawOpen", 'rig: "odd"'), 30.0)


def _clip(path) -> dict:
    (document,) = yaml.load_all(path.read_text(), Unity)
    return document["AnimationClip"]


def test_curves_are_percentages_of_blend_shapes(tmp_path, curves):
    write(tmp_path / "talk.anim", curves)
    clip = _clip(tmp_path / "talk.anim")
    assert clip["m_Name"] == "talk"
    assert clip["m_SampleRate"] == 30
    assert clip["m_AnimationClipSettings"]["m_StopTime"] == pytest.approx(24 / 30)
    for column, curve in enumerate(clip["m_FloatCurves"]):
        assert curve["attribute"] == f"blendShape.{curves.controls[column]}"
        assert (curve["path"], curve["classID"]) == ("head", 137)
        keys = curve["curve"]["m_Curve"]
        np.testing.assert_allclose([key["time"] for key in keys], np.arange(25) / 30, rtol=1e-6)
        np.testing.assert_allclose([key["value"] for key in keys], 100 * curves.values[:, column], rtol=1e-6)


def test_what_stands_still_needs_no_keys(tmp_path):
    values = np.array([0, 0, 0, 0.5, 0.5, 0.5, 0.5, 1, 0, 0, 0], np.float32)[:, None]
    write(tmp_path / "talk.anim", Curves(values, ("jawOpen",), 30.0))
    keys = _clip(tmp_path / "talk.anim")["m_FloatCurves"][0]["curve"]["m_Curve"]
    assert [round(30 * key["time"]) for key in keys] == [0, 2, 3, 6, 7, 8, 10]
    drawn = np.interp(np.arange(11) / 30, [key["time"] for key in keys], [key["value"] for key in keys])
    np.testing.assert_allclose(drawn, 100 * values[:, 0], atol=1e-4)


def test_tangents_draw_straight_lines_between_keys(tmp_path, curves):
    write(tmp_path / "talk.anim", curves)
    keys = _clip(tmp_path / "talk.anim")["m_FloatCurves"][0]["curve"]["m_Curve"]
    for key, following in pairwise(keys):
        slope = (following["value"] - key["value"]) / (following["time"] - key["time"])
        assert key["outSlope"] == pytest.approx(slope, rel=1e-3, abs=1e-2)
        assert following["inSlope"] == key["outSlope"]


def test_one_frame_is_a_clip_too_and_the_renderer_has_a_path(tmp_path, curves):
    write(tmp_path / "still.anim", Curves(curves.values[:1], curves.controls, 30.0), node="Body/Face")
    clip = _clip(tmp_path / "still.anim")
    assert clip["m_FloatCurves"][0]["path"] == "Body/Face"
    assert [key["outSlope"] for key in clip["m_FloatCurves"][0]["curve"]["m_Curve"]] == [0]


def test_a_renderer_is_for_unity_alone(tmp_path, curves):
    with pytest.raises(BadInput, match="--node"):
        write(tmp_path / "talk.csv", curves, node="Body")


def test_a_clip_may_have_any_name(tmp_path, curves):
    write(tmp_path / 'a\U0001f600é "b".anim', curves)
    assert _clip(tmp_path / 'a\U0001f600é "b".anim')["m_Name"] == 'a\U0001f600é "b"'
