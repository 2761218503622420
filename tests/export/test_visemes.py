"""Visemes of spoken sounds, and the mix's weights against SciPy's solver."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import data
from facelite.controls import ARKIT_52
from facelite.curves import Curves
from facelite.export import visemes
from facelite.speech.audio import read
from facelite.teachers.oracle import OracleTeacher
from scipy.optimize import minimize


@pytest.fixture(scope="module")
def spoken():
    clip = data.demo_clip()
    return clip.phones, OracleTeacher().animate(read(clip.path), 16000, clip.phones)


@pytest.fixture(scope="module")
def oculus(spoken) -> Curves:
    return visemes.to_oculus(spoken[1])


def _of(curves: Curves, phones, symbols: str) -> np.ndarray:
    """Frames in the middle of the sounds named."""
    middles = [(phone.start + phone.end) / 2 for phone in phones if phone.symbol in symbols.split()]
    assert middles
    return curves.values[(np.array(middles) * curves.frame_rate).astype(int)]


@pytest.mark.parametrize(
    ("symbols", "viseme"),
    [("P B M", "PP"), ("F V", "FF"), ("TH DH", "TH"), ("CH SH", "CH"), ("AA AY", "aa"), ("EH AE", "E"),
     ("UW", "ou"), ("OW", "oh"), ("SIL", "sil")],
)  # fmt: skip
def test_a_sound_gives_its_viseme(spoken, oculus, symbols, viseme):
    frames = _of(oculus, spoken[0], symbols)
    assert {visemes.OCULUS[column] for column in frames.argmax(axis=1)} == {viseme}


def test_oculus_weights_are_shares_of_one(oculus):
    assert oculus.controls == visemes.OCULUS
    assert oculus.values.min() >= 0
    np.testing.assert_allclose(oculus.values.sum(axis=1), 1, atol=1e-6)


def test_vrm_mouths_are_shut_on_m_and_open_on_vowels(spoken):
    vrm = visemes.to_vrm(spoken[1])
    mouth = Curves(vrm.values[:, :5], vrm.controls[:5])
    assert _of(mouth, spoken[0], "M SIL").max() < 0.15
    assert {mouth.controls[column] for column in _of(mouth, spoken[0], "AA AY").argmax(axis=1)} == {"aa"}
    assert {mouth.controls[column] for column in _of(mouth, spoken[0], "UW").argmax(axis=1)} == {"ou"}
    assert mouth.values.sum(axis=1).max() <= 1 + 1e-6


def test_vrm_eyes_are_arkits():
    frame = dict.fromkeys(ARKIT_52, 0.0) | {"eyeBlinkLeft": 0.8, "eyeLookOutLeft": 0.5, "eyeLookInRight": 0.3}
    curves = Curves(np.array([list(frame.values())], np.float32), ARKIT_52)
    vrm = dict(zip(visemes.VRM, visemes.to_vrm(curves).values[0], strict=True))
    expected = {"blinkLeft": 0.8, "lookLeft": 0.4}
    for name in ("blinkLeft", "blinkRight", "lookUp", "lookDown", "lookLeft", "lookRight"):
        assert vrm[name] == pytest.approx(expected.get(name, 0.0)), name


def test_the_mix_is_the_nearest_there_is(spoken, oculus):
    """The same least squares by SciPy: no mix of poses comes nearer to a frame than ours, by more than a thousandth."""
    listed = visemes.poses()["oculus"]
    names = sorted({name for pose in listed.values() for name in pose} - {"mouthClose"})

    def features(pose: dict[str, float]) -> np.ndarray:
        opened = pose | {"jawOpen": pose.get("jawOpen", 0) - pose.get("mouthClose", 0)}
        return np.array([*(opened.get(name, 0.0) for name in names), pose.get("mouthClose", 0.0)])

    matrix = np.array([features(listed[name]) for name in visemes.OCULUS[1:]])
    for index in range(10, len(oculus.values), 60):
        target = features(dict(zip(ARKIT_52, spoken[1].values[index].astype(float), strict=True)))

        def distance(weights, target=target):
            return ((weights @ matrix - target) ** 2).sum()

        best = minimize(
            distance, np.full(14, 1 / 14), bounds=[(0, 1)] * 14, method="SLSQP",
            constraints={"type": "ineq", "fun": lambda weights: 1 - weights.sum()},
        )  # fmt: skip
        assert distance(oculus.values[index, 1:].astype(float)) <= best.fun + 1e-3
