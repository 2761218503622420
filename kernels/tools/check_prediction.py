"""Hold the prediction of a hop against this machine, by tier: what `targets/predict/host_check.json` records.

    python kernels/tools/check_prediction.py BUNDLE --scheduling znver3 [--write]

needs facelite installed and `cmake --build --preset dev`. Predicted cycles are what `facelite validate` would say of a
target with this scheduling model; measured are those of facelite_bench_ops' fastest hop, which measures the clock too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from facelite import atomic
from facelite.student import load
from facelite.targets.predict import work
from facelite.targets.predict.model import hop_cost
from facelite.targets.predict.predict import table
from facelite.targets.predict.tables import has_table

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "build/dev/kernels/bench/facelite_bench_ops"
RECORD = ROOT / "targets/predict/host_check.json"
HOP = "whole hop"
ROUNDS = 5
"""Runs of the benchmark: on a shared machine a single one may never be left alone."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Predicted and measured time of a hop on this machine.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--scheduling", required=True, help="LLVM's name of this machine's CPU")
    parser.add_argument("--host", help="what to call this machine in the record")
    parser.add_argument("--write", action="store_true", help=f"put it into {RECORD.relative_to(ROOT)}")
    wanted = parser.parse_args()
    found = checked(wanted.bundle, wanted.scheduling, wanted.host or wanted.scheduling)
    for tier, time in found["time"].items():
        error = time["predicted_us"] / time["measured_us"] - 1
        print(f"{tier}: predicted {time['predicted_us']:.2f} us, measured {time['measured_us']:.2f} us, {error:+.1%}")
    if wanted.write:
        record(found)


def checked(bundle: Path, scheduling: str, host: str) -> dict[str, Any]:
    """The record of one host: a tier's prediction and measurement, wherever the tier has a table for that CPU."""
    student = load(bundle)
    hops = [one for one in measured(bundle / "student.facelite") if has_table(one["tier"], scheduling)]
    if not hops:
        raise SystemExit(f"no tier of this machine has costs for {scheduling}: kernels/tools/tile_costs.py makes them")
    clock = hops[-1]["cycles"] / hops[-1]["ns"]
    done = work.read(student.blob)
    time = {}
    for one in hops:
        cycles = hop_cost(done, table(one["tier"], scheduling)).cycles
        time[one["tier"]] = {
            "predicted_us": round(cycles / clock / 1000, 2),
            "measured_us": round(one["ns"] / 1000, 2),
        }
    return {"host": host, "scheduling": scheduling, "clock_ghz": round(clock, 2), "time": time}


def measured(blob: Path) -> list[dict[str, Any]]:
    """The fastest whole hop of every tier over some runs of facelite_bench_ops."""
    fastest: dict[str, dict[str, Any]] = {}
    for _ in range(ROUNDS):
        told = subprocess.run([BENCH, "--json", blob], capture_output=True, text=True, check=True).stdout
        for one in json.loads(told):
            best = fastest.get(one["tier"])
            if one["op"] == HOP and (best is None or one["ns"] < best["ns"]):
                fastest[one["tier"]] = one
    return list(fastest.values())


def record(found: dict[str, Any]) -> None:
    """Replace what is recorded of that host."""
    kept = json.loads(RECORD.read_text(encoding="utf-8"))
    kept["hosts"] = [one for one in kept["hosts"] if one["host"] != found["host"]] + [found]
    atomic.write_text(RECORD, json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
