"""Curves as .npz and .json read back with NumPy and the standard library."""

from __future__ import annotations

import json

import numpy as np
import pytest
from facelite.curves import Curves
from facelite.errors import BadInput
from facelite.export import write


@pytest.fixture
def curves() -> Curves:
    values = np.random.default_rng(7).random((40, 2), np.float32)
    return Curves(values, ("jawOpen", "mouthClose"))


def test_npz_keeps_every_bit(tmp_path, curves):
    write(tmp_path / "talk.npz", curves)
    with np.load(tmp_path / "talk.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["values"], curves.values)
        assert stored["controls"].tolist() == ["jawOpen", "mouthClose"]
        assert stored["frame_rate"] == 62.5


def test_json_at_another_rate(tmp_path, curves):
    write(tmp_path / "talk.json", curves, 30)
    stored = json.loads((tmp_path / "talk.json").read_text())
    assert stored["frame_rate"] == 30
    assert stored["controls"] == ["jawOpen", "mouthClose"]
    expected = [np.interp(np.arange(19) / 30, np.arange(40) / 62.5, column) for column in curves.values.T]
    np.testing.assert_allclose(np.array(stored["frames"]).T, expected, atol=2e-6)


def test_an_unknown_suffix_names_the_known_ones(tmp_path, curves):
    with pytest.raises(BadInput, match=r"\.csv, \.json, \.npz"):
        write(tmp_path / "talk.fbx", curves)


def test_no_frames_is_refused(tmp_path):
    empty = Curves(np.zeros((0, 1), np.float32), ("jawOpen",))
    with pytest.raises(BadInput, match="no frames"):
        write(tmp_path / "talk.csv", empty)
