"""What `facelite bench` reports; never how fast anything was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from facelite import _kernel
from facelite.bench import COLD_PER_ROUND, CROWD, ROUNDS, bench
from facelite.cli import main
from facelite.errors import BadInput

ZOO = Path(__file__).parents[1] / "c" / "data" / "zoo.facelite"


def test_every_tier_is_timed_and_the_choice_of_tier_is_left_alone():
    before = _kernel.isa_selected()
    result = bench(ZOO, hops=2 * ROUNDS)
    tiers = _kernel.isa_available()
    best = [f"crowd of {CROWD}, {tiers[-1]}", f"kernel {tiers[-1]}, cold"]
    assert list(result["contenders"]) == [*(f"kernel {isa}" for isa in tiers), *best, f"{best[0]}, cold"]
    for name, measured in result["contenders"].items():
        runs = COLD_PER_ROUND if name.endswith("cold") else 2 if name.startswith("kernel") else 1
        assert measured["runs"] == runs * ROUNDS
        assert 0 < measured["p50_us"] <= measured["p99_us"] <= measured["max_us"]
        assert measured["quiet_p99_over_p50"] >= 1
        assert measured["p99_over_p50"] == measured["p99_us"] / measured["p50_us"]
    assert result["ratios"] == {}
    assert result["crowd"]["characters"] == CROWD
    assert result["crowd"]["share"] > 0
    assert result["crowd"]["cold_share"] > 0
    assert _kernel.isa_selected() == before


def test_a_lone_blob_cannot_be_judged_against_litert(tmp_path, capfd):
    shutil.copy(ZOO, tmp_path / "student.facelite")
    assert main(["bench", str(tmp_path), "--hops", "50", "--json"]) == 0
    assert set(json.loads(capfd.readouterr().out)) == {"machine", "student", "contenders", "ratios", "crowd"}
    for option, file in (("--at-least", "student_int8.tflite"), ("--at-least-hop", "student_stream_int8.tflite")):
        assert main(["bench", str(tmp_path), "--hops", "50", option, "20"]) == 2
        assert file in capfd.readouterr().err


def test_too_few_hops_are_refused():
    with pytest.raises(BadInput, match="too few"):
        bench(ZOO, hops=1)
