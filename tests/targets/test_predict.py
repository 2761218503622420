"""Predictions: the work that is read from a blob, exact counts, limits held at the upper end of the band."""

from __future__ import annotations

from dataclasses import replace

import pytest
from facelite.cli import main
from facelite.student import load
from facelite.targets import profile
from facelite.targets.predict import work
from facelite.targets.predict.model import hop_cost, tiles
from facelite.targets.predict.predict import host_check, predict, table
from facelite.targets.schema import CrowdShare, Duration
from facelite.targets.validate import validate

TIERS = ("sse41", "avx2", "avx512vnni", "neon", "neon_dotprod")
SCHEDULING = dict(zip(TIERS, ("btver2", "znver2", "icelake-server", "cortex-a57", "neoverse-n1"), strict=True))


@pytest.fixture(scope="module")
def shipped(shipped_bundle):
    return load(shipped_bundle)


def test_the_work_is_what_the_kernel_reports(shipped):
    found = work.read(shipped.blob)
    assert (found.hop, found.controls) == (shipped.hop, len(shipped.controls))
    assert sum(one.macs for one in found.operators if one.kind == "conv") == shipped.info.macs_per_hop
    assert found.weight_bytes == shipped.info.weight_bytes


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("channels", [1, 16, 27, 48, 96, 113])
@pytest.mark.parametrize("frames", [1, 3, 32])
def test_tiles_cover_every_block_of_every_row_once(tier, channels, frames):
    layer = work.Operator("conv", frames, channels, 10, 0, True, False)
    cut = list(tiles(layer, tier))
    assert sum(rows * blocks * times for rows, _, blocks, times in cut) == frames * -(-channels // 16)
    assert {shape for _, shape, _, _ in cut} <= set(table(tier, SCHEDULING[tier])["dots"])


def test_instructions_are_within_a_tenth_of_those_that_qemu_counted(shipped):
    done = work.read(shipped.blob)
    for tier, counted in host_check()["instructions"].items():
        cost = hop_cost(done, table(tier, SCHEDULING[tier]))
        assert cost.instructions == pytest.approx(counted["counted"], rel=0.10)


@pytest.mark.parametrize("host", host_check()["hosts"], ids=lambda host: host["scheduling"])
def test_time_is_within_a_quarter_of_what_was_measured(shipped, host):
    for tier in ("sse41", "avx2"):
        cycles = hop_cost(work.read(shipped.blob), table(tier, host["scheduling"])).cycles
        assert cycles / host["clock_ghz"] / 1000 == pytest.approx(host["time"][tier]["measured_us"], rel=0.25)


def test_a_faster_clock_takes_less_time_and_an_unknown_one_gives_no_prediction(student):
    switch, done = profile.load("switch"), work.read(student.blob)
    doubled = switch.cpu.clock.model_copy(update={"value": 2.04})
    faster = switch.model_copy(update={"cpu": switch.cpu.model_copy(update={"clock": doubled})})
    assert predict(done, faster).us == pytest.approx(predict(done, switch).us / 2)
    for name in ("quest-3", "web"):
        assert predict(done, profile.load(name)) is None


def test_memory_decides_when_weights_do_not_fit(student):
    done = work.read(student.blob)
    heavy = replace(done, operators=(replace(done.operators[0], weight_bytes=2**26), *done.operators[1:]))
    assert predict(heavy, profile.load("switch")).bound == "memory"


@pytest.mark.parametrize("key", ["hop", "characters"])
def test_a_forecast_may_reach_its_limit_and_not_pass_it(student, key):
    switch = profile.load("switch")
    high = predict(work.read(student.blob), switch).high_us
    told = {"source": "a test", "confidence": "high"}

    def verdict(factor: float):
        if key == "hop":
            limit = Duration(value=high / 1000 * factor, unit="ms", **told)
        else:
            limit = CrowdShare(value=100 * 16 * high / 16000 * factor, unit="%", count=16, **told)
        return validate(student, switch.model_copy(update={"limits": switch.limits.model_copy(update={key: limit})}))

    assert key not in [check.key for check in verdict(1.000001).broken]
    assert key in [check.key for check in verdict(0.999999).broken]


def test_every_prediction_stands_beside_the_model_s_error(bundle, capfd):
    main(["validate", str(bundle), "--target", "ps4"])
    told = capfd.readouterr().out
    assert "predicted, not measured" in told
    assert "the model's error where it was measured: AMD EPYC (Zen 4): sse41" in " ".join(told.split())
