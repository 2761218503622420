"""Perceptual measures of curves whose faults are known."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.compare import perceptual
from facelite.graph import Conv, Graph, Quant, Tensor
from facelite.runtimes import Heard
from facelite.teachers.protocol import Phone

CONTROLS = ("jawOpen", "mouthClose")
HOPS = 200


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Hop 256 and four hops of lookahead; what it computes does not matter."""
    weight = np.zeros((2, 256, 1), np.int8)
    conv = Conv("front", 0, weight, np.zeros(2, np.int32), 256, weight_scale=np.ones(2, np.float32))
    tensors = (Tensor("wave", 1, 1, Quant(1 / 127, 0)), Tensor("front", 2, 256, Quant(0.01, 0)))
    return Graph("g", 16000, 2048, 1024, CONTROLS, tensors, (conv,))


def frames(shut: np.ndarray) -> np.ndarray:
    """Open lips, float64 [hops, 2], but for the hops of `shut`; a slow swing keeps every control moving."""
    swing = 0.1 * np.sin(np.arange(len(shut)) / 9)
    return np.stack([0.4 + swing, np.where(shut, 0.4 + swing, 0.05 * swing)], axis=1)


def spoken(graph: Graph, truth: np.ndarray, phones=()) -> perceptual.Spoken:
    pcm = np.random.default_rng(0).normal(0, 0.1, HOPS * 256).astype(np.float32)
    heard = Heard.of(graph, np.zeros(HOPS * 256, np.int8), 48)
    return perceptual.Spoken.of(graph, heard, pcm, truth, phones)


def measured(graph: Graph, one: perceptual.Spoken, values: np.ndarray, hops: np.ndarray | None = None) -> dict:
    hops = np.arange(1, HOPS + 1) if hops is None else hops
    return perceptual.measure({"a": one}, {"a": values[hops - 1]}, {"a": hops}, CONTROLS, 62.5)


def test_a_closure_of_the_labels_is_found_where_lookahead_puts_it(graph):
    phones = (Phone(0.0, 1.0, "AA"), Phone(1.0, 1.16, "M"), Phone(1.16, 3.2, "AA"))
    shut = np.zeros(HOPS, bool)
    shut[np.round(62.5 * 1.0).astype(int) + 3 : np.round(62.5 * 1.16).astype(int) + 3] = (
        True  # four hops late, row 0 is hop 1
    )
    one = spoken(graph, frames(shut), phones)
    assert measured(graph, one, frames(shut))["closure_f1"] == pytest.approx(1, abs=0.11)
    late = np.roll(shut, 12)
    assert measured(graph, one, frames(shut))["closure_ap_loss"] == 0
    assert measured(graph, one, frames(late))["closure_f1_loss"] > 0.4
    assert measured(graph, one, frames(late))["closure_f1"] < 0.5
    assert perceptual.about({"a": one}, CONTROLS)["closures"] == 1


def test_without_labels_the_reference_s_own_closures_count(graph):
    shut = np.zeros(HOPS, bool)
    shut[40:50] = shut[120:130] = True
    one = spoken(graph, frames(shut))
    assert not one.labelled
    assert measured(graph, one, frames(shut))["closure_f1"] == 1
    assert measured(graph, one, frames(np.roll(shut, 30)))["closure_f1"] < 0.5
    assert "most shut tenth" in perceptual.about({"a": one}, CONTROLS)["against"]


def test_jitter_and_speed_of_a_shaking_control(graph):
    truth = frames(np.zeros(HOPS, bool))
    one = spoken(graph, truth)
    shaking = truth + 0.01 * (-1.0) ** np.arange(HOPS)[:, None]
    found = measured(graph, one, shaking)
    assert found["velocity_mse"] == pytest.approx(0.02**2, rel=1e-6)  # each step is off by two shakes
    assert found["jitter"] == pytest.approx(0.04, rel=0.05)
    assert found["jitter_ratio"] > 10
    assert measured(graph, one, truth)["jitter_ratio"] == pytest.approx(1)


def test_only_neighbours_make_speed_and_jitter(graph):
    truth = frames(np.zeros(HOPS, bool))
    one = spoken(graph, truth)
    lonely = measured(graph, one, truth, np.arange(1, HOPS, 5))
    assert lonely["velocity_mse"] is None
    assert lonely["jitter"] is None
    assert lonely["correlation"] == pytest.approx(1)
    runs = measured(graph, one, truth + 0.5, np.concatenate([np.arange(1, 13), np.arange(100, 112)]))
    assert runs["velocity_mse"] == pytest.approx(0, abs=1e-12)


def test_no_lips_no_closures(graph):
    one = spoken(graph, frames(np.zeros(HOPS, bool)))
    found = perceptual.measure({"a": one}, {"a": one.truth}, {"a": np.arange(1, HOPS + 1)}, ("x", "y"), 62.5)
    assert found["closure_f1"] is None
    assert perceptual.about({"a": one}, ("x", "y"))["closures"] == 0
