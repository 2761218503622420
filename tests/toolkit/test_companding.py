"""The codes that a student hears, against the curve's own formula."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import BadInput, companding

CURVES = {"mulaw": 255, "mulaw32": 32}


def test_every_curve_is_tried():
    assert companding.MU == CURVES


@pytest.mark.parametrize(("curve", "mu"), CURVES.items())
def test_codes_are_the_rounded_curve(curve, mu):
    pcm = np.arange(-32768, 32768).astype(np.int16)
    waveform = pcm / 32768
    real = 127 * np.sign(waveform) * np.log(1 + mu * np.abs(waveform)) / np.log(1 + mu)
    tie = np.abs(np.abs(real) % 1 - 0.5) < 1e-9
    assert tie.sum() < 10
    np.testing.assert_array_equal(companding.encode(pcm, curve)[~tie], np.rint(real[~tie]).astype(np.int8))


@pytest.mark.parametrize("curve", CURVES)
def test_the_samples_of_codes_have_these_codes(curve):
    codes = np.arange(-127, 128).astype(np.int8)
    np.testing.assert_array_equal(companding.encode(companding.samples(codes, curve), curve), codes)


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_is_known_by_its_thresholds(curve):
    edges = companding.thresholds(curve)
    assert companding.curve_of(edges, "a blob") == curve
    with pytest.raises(BadInput, match=r"a blob: .*mulaw, mulaw32"):
        companding.curve_of(edges + 1, "a blob")
