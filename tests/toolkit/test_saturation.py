"""The simulation of saturating sums, against the instruction itself and against sums done by hand."""

from __future__ import annotations

import ctypes
import platform
import subprocess
from pathlib import Path

import numpy as np
import pytest
from facelite.graph import Conv, Graph, Quant, Tensor
from facelite.saturation import HIGHEST, LOWEST, pair_sums, simulate

MADDUBS = """
#include <tmmintrin.h>
void maddubs(short *out, const unsigned char *x, const signed char *w) {
    __m128i activations = _mm_loadu_si128((const void *)x), weights = _mm_loadu_si128((const void *)w);
    _mm_storeu_si128((__m128i *)out, _mm_maddubs_epi16(activations, weights));
}
"""


@pytest.fixture(scope="module")
def maddubs(tmp_path_factory):
    """uint8 [16], int8 [16] -> int16 [8], by the CPU."""
    folder: Path = tmp_path_factory.mktemp("maddubs")
    (folder / "maddubs.c").write_text(MADDUBS)
    subprocess.run(
        ["gcc", "-mssse3", "-shared", "-fPIC", "-o", folder / "maddubs.so", folder / "maddubs.c"], check=True
    )
    call = ctypes.CDLL(str(folder / "maddubs.so")).maddubs

    def run(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        out = np.empty(8, np.int16)
        call(*(ctypes.c_void_p(array.ctypes.data) for array in (out, x, w)))
        return out

    return run


@pytest.mark.program("gcc")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="maddubs is an x86 instruction")
def test_sums_saturate_as_the_instruction_does(maddubs):
    rng = np.random.default_rng(4)
    for _ in range(300):
        x = rng.choice([0, 1, 128, 254, 255, *rng.integers(0, 256, 5)], 16).astype(np.uint8)
        w = rng.choice([-128, -127, 127, 64, 65, *rng.integers(-127, 128, 5)], 16).astype(np.int8)
        np.testing.assert_array_equal(np.clip(pair_sums(x, w), LOWEST, HIGHEST), maddubs(x, w))


def one_layer(weights: list[int]) -> Graph:
    """One convolution over the last few samples, whose output has the scale of its sums / 200."""
    weight = np.array(weights, np.int8).reshape(1, -1, 1)
    conv = Conv("only", 0, weight, np.zeros(1, np.int32), weight_scale=np.array([127 / 200], np.float32))
    tensors = (Tensor("wave", 1, 1, Quant(float(np.float32(1 / 127)), 0)), Tensor("out", 1, 1, Quant(1.0, -128)))
    return Graph("hand", 16000, len(weights), 0, ("jawOpen",), tensors, (conv,))


def test_one_pair_that_saturates_loses_what_int16_cannot_hold():
    loudest = np.full(4, 127, np.int8)  # 255 once biased
    found = simulate(one_layer([127, 127, 64, 64]), {"loud": loudest})
    lost = 255 * (127 + 127) - 32767
    exact, wrong = 127 * 382 / 200, (127 * 382 - lost) / 200
    row = found["layers"][0]
    assert (row["pairs"], row["unsafe"], row["sums"], row["saturated"]) == (2, 1, 2, 1)
    assert (row["values"], row["different"], row["largest"]) == (1, 1, round(exact) - round(wrong))
    assert found["output"] == {"values": 1, "different": 1, "largest": row["largest"]}


def test_weights_that_keep_the_promise_lose_nothing():
    signals = {"loud": np.full(9, 127, np.int8), "low": np.full(9, -127, np.int8)}
    for weights in ([127, 1, -127, -1, 64, 64], [127, -127, 127, -127, 127], [-64, -64, 128 - 127, 127]):
        found = simulate(one_layer(weights), signals)
        assert found["layers"][0]["unsafe"] == found["layers"][0]["saturated"] == found["output"]["different"] == 0


def test_an_unsafe_pair_is_harmless_while_it_is_quiet():
    found = simulate(one_layer([127, 127]), {"low": np.full(8, -127, np.int8)})
    assert found["layers"][0]["unsafe"] == 1
    assert found["layers"][0]["saturated"] == found["output"]["different"] == 0
