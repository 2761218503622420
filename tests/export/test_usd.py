"""USD read back with OpenUSD's own library."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.controls import ARKIT_52
from facelite.curves import Curves
from facelite.export import write
from facelite.face import head

pxr = pytest.importorskip("pxr", reason="usd-core not installed; pip install usd-core")
from pxr import Gf, Usd, UsdGeom, UsdSkel, UsdValidation, Vt  # noqa: E402


@pytest.fixture
def curves() -> Curves:
    values = np.random.default_rng(8).random((30, 3), np.float32)
    return Curves(values, ("jawOpen", "mouthPucker", "snarl"), 30.0)


def test_the_animation_is_the_curves(tmp_path, curves):
    write(tmp_path / "talk.usda", curves)
    stage = Usd.Stage.Open(str(tmp_path / "talk.usda"))
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode(), stage.GetTimeCodesPerSecond()) == (0, 29, 30)
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1
    animation = UsdSkel.Animation(stage.GetPrimAtPath("/facelite/animation"))
    assert tuple(animation.GetBlendShapesAttr().Get()) == curves.controls
    weights = animation.GetBlendShapeWeightsAttr()
    assert weights.GetTimeSamples() == list(range(30))
    read = np.array([weights.Get(time) for time in range(30)])
    np.testing.assert_allclose(read, curves.values, rtol=1e-6)


def test_usd_deforms_the_head_as_we_pose_it(tmp_path, curves):
    write(tmp_path / "talk.usda", curves)
    stage = Usd.Stage.Open(str(tmp_path / "talk.usda"))
    cache = UsdSkel.Cache()
    root = UsdSkel.Root(stage.GetPrimAtPath("/facelite"))
    cache.Populate(root, Usd.TraverseInstanceProxies())
    (binding,) = cache.ComputeSkelBindings(root, Usd.TraverseInstanceProxies())
    (skinning,) = binding.GetSkinningTargets()
    skeleton = cache.GetSkelQuery(binding.GetSkeleton())
    shapes = UsdSkel.BlendShapeQuery(UsdSkel.BindingAPI(skinning.GetPrim()))
    order = skinning.GetBlendShapeMapper()
    weights = order.Remap(skeleton.GetAnimQuery().ComputeBlendShapeWeights(11))
    sub = shapes.ComputeSubShapeWeights(weights)
    points = Vt.Vec3fArray(UsdGeom.Mesh(skinning.GetPrim()).GetPointsAttr().Get())
    indices, offsets = shapes.ComputeBlendShapePointIndices(), shapes.ComputeSubShapePointOffsets()
    assert shapes.ComputeDeformedPoints(*sub, indices, offsets, points)
    pose = {name: float(value) for name, value in zip(curves.controls, curves.values[11], strict=True)}
    del pose["snarl"]
    np.testing.assert_allclose(np.array(points), head().pose(pose), atol=1e-5)
    assert set(skinning.GetBlendShapeOrder()) == set(ARKIT_52)
    transforms = skeleton.ComputeSkinningTransforms(11)
    assert [Gf.Matrix4d(*np.eye(4).ravel())] == list(transforms)


def test_openusd_finds_nothing_to_complain_of(tmp_path, curves):
    write(tmp_path / "talk.usda", curves)
    stage = Usd.Stage.Open(str(tmp_path / "talk.usda"))
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert len(validators) > 20
    complaints = UsdValidation.ValidationContext(validators).Validate(stage)
    assert [(error.GetName(), error.GetMessage()) for error in complaints] == []


def test_timecode_and_a_rig_of_ones_own(tmp_path, curves):
    rig = Curves(curves.values[:, :1], ("Jaw drop (deg)",), 29.97)
    write(tmp_path / "rig.usda", rig, 29.97, start="01:00:00:00")
    stage = Usd.Stage.Open(str(tmp_path / "rig.usda"))
    assert stage.GetStartTimeCode() == 30 * 3600
    assert stage.GetTimeCodesPerSecond() == pytest.approx(30000 / 1001, abs=1e-12)
    assert [prim.GetName() for prim in stage.Traverse()] == ["facelite", "skeleton", "animation"]
    animation = UsdSkel.Animation(stage.GetPrimAtPath("/facelite/animation"))
    assert list(animation.GetBlendShapesAttr().Get()) == ["Jaw drop (deg)"]


def test_names_outside_ascii_come_back(tmp_path):
    curves = Curves(np.random.default_rng(5).random((4, 2), np.float32), ("Mâchoire ouverte", "jawOpen"))
    write(tmp_path / "talk.usda", curves)
    stage = Usd.Stage.Open(str(tmp_path / "talk.usda"))
    names = [
        name
        for prim in stage.Traverse()
        if prim.IsA(UsdSkel.Animation)
        for name in prim.GetAttribute("blendShapes").Get()
    ]
    assert "Mâchoire ouverte" in names
