"""Inside a hop: every operator's new frames equal the oracle's tensors, and PCM becomes the oracle's codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from facelite import _kernel, companding, reference
from facelite.converters.backends.blob import pack


@pytest.mark.parametrize("name", ["tiny", "safe", "zoo"])
def test_every_operator_of_a_hop_equals_the_oracle(graphs, blobs, tier, name):
    graph = graphs[name]
    hops = graph.receptive_field // graph.hop + 3
    codes = np.random.default_rng(3).integers(-127, 128, hops * graph.hop).astype(np.int8)
    stream = _kernel.Stream(_kernel.Model(blobs[name]))
    out = stream.step_codes(codes[: -graph.hop])
    layers = stream.step_layers(codes[-graph.hop :])
    tensors = reference.run(graph, codes)
    assert len(layers) == len(graph.ops)
    for index, frames in enumerate(layers):
        tensor = graph.tensors[index + 1]
        assert frames.shape == (graph.hop // tensor.stride, tensor.channels)
        np.testing.assert_array_equal(frames, tensors[index + 1][-len(frames) :], err_msg=tensor.name)
    np.testing.assert_array_equal(out[-1], reference.run_window(graph, codes[: -graph.hop][-graph.window :]))


@pytest.mark.parametrize("curve", companding.MU)
def test_codes_of_every_int16_sample(graphs, curve, tier):
    pcm = np.arange(-32768, 32768).astype(np.int16)
    model = _kernel.Model(pack(replace(graphs["zoo"], companding=curve)))
    np.testing.assert_array_equal(model.codes(pcm), companding.encode(pcm, curve))


def test_codes_of_floats_between_samples(blobs, tier):
    pcm = np.random.default_rng(4).uniform(-1.1, 1.1, 100_000).astype(np.float32)
    halves = (np.arange(-65540, 65540) / 65536).astype(np.float32)
    for floats in (pcm, halves):
        np.testing.assert_array_equal(_kernel.Model(blobs["zoo"]).codes(floats), companding.codes(floats))


def test_output_scale_is_the_graphs(graphs, blobs):
    scale, zero_point = _kernel.Model(blobs["zoo"]).output
    quant = graphs["zoo"].tensors[-1].quant
    assert (np.float32(scale), zero_point) == (np.float32(quant.scale), quant.zero_point)


def test_timings_have_the_shape_of_the_work(graphs, blobs):
    stream = _kernel.Stream(_kernel.Model(blobs["zoo"]))
    codes = np.zeros(5 * graphs["zoo"].hop, np.int8)
    times = stream.time_layers(codes)
    assert times.shape == (5, len(graphs["zoo"].ops))
    assert (times > 0).all()
