"""A hop in WebAssembly beside the native one: `python -m facelite.web.bench out/`. Needs Node."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..student import BLOB_NAME, load
from . import kernel

_HERE = Path(__file__).parent
_SECONDS = 4
_ROUNDS = 3
"""Of native and WebAssembly in turn, since other work slows whichever runs beside it; the least counts."""

_NATIVE = """
import json, sys, time
import numpy as np, facelite
student = facelite.load(sys.argv[1])
pcm = np.random.default_rng(0).uniform(-0.2, 0.2, {seconds} * student.sample_rate).astype(np.float32)
stream, rounds = student.stream(), []
for _ in range(10):
    before = time.process_time()
    stream.push(pcm)
    rounds.append((time.process_time() - before) * 1e6 * student.hop / len(pcm))
print(json.dumps({{"isa": student.isa, "microseconds": min(rounds)}}))
"""


def measure(student: Path, native: str = "sse41") -> dict[str, float]:
    """Instruction set -> processor time of a hop in µs, the least of several interleaved runs.

    Parameters
    ----------
    student
        A .facelite file.
    native
        The tier to compare with: 128-bit vectors, as WebAssembly has.
    """
    least: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        modules = kernel.build(folder)
        script = shutil.copyfile(_HERE / "static" / "facelite.js", Path(folder) / "facelite.mjs")
        # Node 20 knows relaxed SIMD as an experiment, in its optimising compiler alone.
        node = ["node", "--no-warnings", "--experimental-wasm-relaxed-simd", "--no-liftoff", str(_HERE / "hop.mjs")]
        commands = [[*node, str(script), str(module), str(student), str(_SECONDS)] for module in modules]
        commands.append([sys.executable, "-c", _NATIVE.format(seconds=_SECONDS), str(student)])
        for command in commands * _ROUNDS:
            environment = {**os.environ, "FACELITE_ISA": native}
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            told = json.loads(done.stdout)
            least[told["isa"]] = min(told["microseconds"], least.get(told["isa"], told["microseconds"]))
    return least


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m facelite.web.bench", description=__doc__)
    parser.add_argument("bundle", type=Path, help="bundle folder")
    parser.add_argument("--native", default="sse41", help="tier to compare with")
    given = parser.parse_args()
    load(given.bundle)  # says what is wrong with it
    least = measure(given.bundle / BLOB_NAME if given.bundle.is_dir() else given.bundle, given.native)
    print(f"| | µs a hop | of {given.native} |\n|---|---:|---:|")
    for isa, microseconds in sorted(least.items(), key=lambda one: one[1]):
        print(f"| {isa} | {microseconds:.1f} | {microseconds / least[given.native]:.2f} |")


if __name__ == "__main__":
    main()
