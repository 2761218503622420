"""Instructions per MAC of a student's whole hop, counted exactly under qemu. Only Python's own modules are needed.

    cmake --preset aarch64 && cmake --build --preset aarch64 --target facelite_replay
    python kernels/tools/count_instructions.py out/student.facelite

facelite_replay plays the same recording once and three times; the difference is two recordings of nothing but pushes,
without start-up, files or priming. A hop is then everything from samples to floats: companding, copies and dispatch
included. What is said does not matter, so the recording is noise.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).resolve().parent
REPLAY = TOOLS.parents[1] / "build" / "aarch64" / "kernels" / "tools" / "facelite_replay"
SAMPLES = 32000
HOP_FUNCTION = "facelite_engine_hop"
SHOWN = 8


def main() -> None:
    parser = argparse.ArgumentParser(description="Instructions per MAC of a student's whole hop, under qemu.")
    parser.add_argument("student", type=Path, help="a student.facelite")
    parser.add_argument("--cpu", action="append", help="as qemu calls it; default: cortex-a57 and cortex-a76")
    parser.add_argument("--replay", type=Path, default=REPLAY, help="facelite_replay, built for the CPU")
    parser.add_argument("--json", action="store_true", help="one object a CPU on stdout")
    wanted = parser.parse_args()
    for path in (wanted.student, wanted.replay):
        if not path.is_file():
            parser.error(f"{path} does not exist")
    with tempfile.TemporaryDirectory() as folder:
        plugin = build_plugin(Path(folder))
        found = {cpu: count(plugin, wanted, cpu) for cpu in wanted.cpu or ["cortex-a57", "cortex-a76"]}
    if wanted.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(describe(cpu, figures) for cpu, figures in found.items()))


def build_plugin(folder: Path) -> Path:
    """The counting plugin, and the noise beside it."""
    plugin = folder / "libqemu_count.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", TOOLS / "qemu_count.c", "-o", plugin], check=True)
    source = random.Random(0)
    noise = array("h", (int(source.gauss(0, 3000)) for _ in range(SAMPLES)))
    if sys.byteorder == "big":
        noise.byteswap()
    (folder / "noise.s16").write_bytes(noise.tobytes())
    return plugin


def count(plugin: Path, wanted: argparse.Namespace, cpu: str) -> dict[str, Any]:
    """Instructions a hop, in all and by function, on one CPU."""
    once, entered_once, _ = run(plugin, wanted, cpu, repeat=1)
    thrice, entered_thrice, said = run(plugin, wanted, cpu, repeat=3)
    instructions = thrice - once
    hops = entered_thrice[HOP_FUNCTION] - entered_once[HOP_FUNCTION]
    macs = said["macs_per_hop"]
    return {
        "isa": said["isa"],
        "macs_per_hop": macs,
        "instructions_per_hop": instructions.total() / hops,
        "instructions_per_mac": instructions.total() / hops / macs,
        "functions": {name: number / hops for name, number in instructions.most_common()},
    }


def run(plugin: Path, wanted: argparse.Namespace, cpu: str, repeat: int) -> tuple[Counter[str], Counter[str], Any]:
    """Instructions and entries by function of one run of facelite_replay, and what it printed."""
    folder = plugin.parent
    counts = folder / "counts.txt"
    emulator = ["qemu-aarch64", "-cpu", cpu, "-plugin", f"{plugin},out={counts}"]
    program = [wanted.replay, "--repeat", str(repeat), wanted.student, folder / "noise.s16", folder / "frames"]
    done = subprocess.run([*emulator, *program], check=True, stdout=subprocess.PIPE)
    instructions: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    for line in counts.read_text().splitlines():
        number, entered, name = line.split(maxsplit=2)
        instructions[name] = int(number)
        entries[name] = int(entered)
    return instructions, entries, json.loads(done.stdout)


def describe(cpu: str, figures: dict[str, Any]) -> str:
    """A few lines for people."""
    macs = figures["macs_per_hop"]
    lines = [
        f"{cpu}, tier {figures['isa']}: {figures['instructions_per_mac']:.3f} instructions per MAC, "
        f"{figures['instructions_per_hop']:.0f} a hop of {macs} MACs"
    ]
    shown = list(figures["functions"].items())[:SHOWN]
    lines += [f"  {number:9.0f}  {number / macs:.4f}  {name}" for name, number in shown]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
