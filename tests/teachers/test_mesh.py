"""Vertices become a few controls and come back: as much of the motion as was asked, by NumPy's own decomposition."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from facelite import export
from facelite.curves import Curves
from facelite.errors import BadInput
from facelite.speech import audio
from facelite.teachers.mesh import MeshBasis

VERTICES = 60


def _motion(rank: int, frames: int = 240, noise: float = 0.0) -> np.ndarray:
    """A face in millimetres that moves along `rank` directions, each half as far as the one before."""
    rng = np.random.default_rng(rank)
    directions = np.linalg.qr(rng.standard_normal((VERTICES * 3, rank)))[0].T
    weights = rng.standard_normal((frames, rank)) * 8.0 * 0.5 ** np.arange(rank)
    rest = rng.uniform(-80, 80, VERTICES * 3)
    flat = rest + weights @ directions + noise * rng.standard_normal((frames, VERTICES * 3))
    return flat.reshape(frames, VERTICES, 3)


def test_a_mesh_of_known_rank_is_recovered_whole():
    motion = _motion(5)
    basis = MeshBasis.fit(motion, variance=0.999999)
    assert len(basis.controls) == 5
    weights = basis.weights(motion)
    np.testing.assert_allclose(weights.std(0, ddof=1), 1.0, rtol=1e-3)
    np.testing.assert_allclose(basis.vertices(weights), motion, atol=1e-3)
    flat = basis.components.reshape(5, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(5), atol=1e-5)


@pytest.mark.parametrize("variance", [0.5, 0.9, 0.99, 0.999])
def test_no_more_and_no_less_is_kept_than_was_asked(variance):
    motion = _motion(12, noise=0.01)
    basis = MeshBasis.fit(motion, variance)
    flat = (motion - motion.mean(0)).reshape(len(motion), -1)
    energy = np.linalg.svd(flat, compute_uv=False) ** 2
    shares = np.cumsum(energy) / energy.sum()
    needed = int(np.searchsorted(shares, variance)) + 1
    assert len(basis.controls) == needed
    assert basis.kept == pytest.approx(shares[needed - 1], rel=1e-6)
    lost = ((basis.vertices(basis.weights(motion)) - motion) ** 2).sum() / (flat**2).sum()
    assert lost == pytest.approx(1 - shares[needed - 1], rel=1e-3)
    assert lost <= 1 - variance


def test_so_many_components_as_asked_and_the_file_holds_them(tmp_path):
    basis = MeshBasis.fit(_motion(12), components=7)
    basis.save(tmp_path / "basis.npz")
    read = MeshBasis.open(tmp_path / "basis.npz")
    assert read.controls[-1] == "mesh006"
    weights = np.random.default_rng(1).standard_normal((4, 7))
    np.testing.assert_array_equal(read.vertices(weights), basis.vertices(weights))
    assert read.kept == pytest.approx(basis.kept)


def test_a_student_retargeted_to_a_mesh_moves_its_vertices(tmp_path):
    """A mesh that opens with the student's own loudest feature: curves in a folder, a fit, vertices again."""
    import keras
    from facelite.distill.examples import of_folder
    from facelite.distill.inference import Twin
    from facelite.distill.retarget import retarget
    from facelite.teachers.precomputed import CurvesTeacher

    keras.utils.set_random_seed(5)
    layers = [
        keras.layers.Conv1D(6, 256, strides=256, activation="relu"),
        keras.layers.Conv1D(1, 3),
        keras.layers.Flatten(),
    ]
    student = keras.Sequential([keras.Input((768, 1)), *layers])
    student.save(tmp_path / "student.keras")
    (tmp_path / "student.toml").write_text('name = "s"\nlookahead = 256\ncontrols = ["a"]\n')
    heard = Twin(keras.Model(student.inputs[0], student.outputs[0]), 256, "mulaw")
    rest, away = np.random.default_rng(6).standard_normal((2, VERTICES, 3))

    def speak(seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        pcm = (rng.standard_normal(64000) * np.repeat(rng.uniform(0, 0.3, 16), 4000)).astype(np.float32)
        opened = heard.animate(pcm)[:, 0]
        return pcm, rest + opened[:, None, None] * away

    basis = MeshBasis.fit(np.concatenate([speak(seed)[1] for seed in range(3)]))
    assert basis.controls == ("mesh000",)
    for seed in range(4):
        pcm, motion = speak(seed)
        audio.write(tmp_path / "takes" / f"take{seed}.wav", pcm)
        export.write(tmp_path / "takes" / f"take{seed}.npz", Curves(basis.weights(motion), basis.controls))
    examples = of_folder(CurvesTeacher.open(tmp_path / "takes"))
    outcome = retarget(tmp_path, basis.controls, examples[:3], examples[3:], tmp_path / "out", ridge=1e-6)
    assert outcome.signed == ("mesh000",)
    made = keras.saving.load_model(tmp_path / "out" / "student.keras", compile=False)
    pcm, motion = speak(3)
    moved = basis.vertices(Twin(made, 256, "mulaw").animate(pcm))
    assert moved.shape == (250, VERTICES, 3)
    assert np.abs(moved - motion).max() < 0.02 * np.ptp(motion, axis=0).max()


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: MeshBasis.fit(np.zeros((5, 4))), "frames, vertices, 3"),
        (lambda: MeshBasis.fit(np.zeros((5, 4, 3))), "do not move"),
        (lambda: MeshBasis.fit(np.full((5, 4, 3), np.nan)), "NaN"),
        (lambda: MeshBasis.fit(_motion(2), variance=99.9), "99.9"),
        (lambda: MeshBasis.fit(_motion(2, frames=5), components=5), "at most 4"),
        (lambda: MeshBasis.fit(_motion(2)).weights(np.zeros((5, 4, 3))), "60 vertices"),
        (lambda: MeshBasis.fit(_motion(2)).vertices(np.zeros((5, 9))), "controls"),
        (lambda: MeshBasis.open(Path(__file__)), "is no mesh basis"),
        (lambda: MeshBasis.open("absent.npz"), "absent.npz: cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named(make, named):
    with pytest.raises(BadInput, match=named):
        make()
