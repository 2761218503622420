"""Cycles and instructions of the kernel's inner loops on CPUs that are not here: llvm-mca over compiled code.

    python kernels/tools/tile_costs.py targets/predict/costs

writes one JSON file for each pair of tier and CPU. It needs the compilers that facelite is built with and llvm-mca;
who reads the tables needs neither. llvm-mca knows no caches: it assumes that every load hits L1.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[1] / "src"
DRIVER = Path(__file__).with_suffix(".c")
COMMON = ["-std=c11", "-O3", "-fPIC", "-ffp-contract=off", "-fvisibility=hidden", "-fno-asynchronous-unwind-tables"]
ITERATIONS = 100


@dataclass(frozen=True)
class Tier:
    """How a tier is compiled (kernels/CMakeLists.txt) and which of its instructions multiply.

    `multiplies` is the pattern of those; `per_quad` how many of them a vector of channels takes for a quad of inputs,
    and `vectors` how many vectors a block of 16 channels has (0: the tile's second number counts vectors itself).
    """

    arch: str
    compiler: str
    source: str
    flags: tuple[str, ...]
    multiplies: str
    per_quad: int
    vectors: int
    cpus: tuple[str, ...]


_ARM_GCC = "aarch64-linux-gnu-gcc"
_VNNI = ("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512vnni")
_SSE_CPUS = ("btver2", "znver3", "znver4", "nehalem")
_AVX2_CPUS = ("znver2", "znver3", "znver4", "haswell")
TIERS = {
    "sse41": Tier("x86-64", "gcc", "x86/ops_sse41.c", ("-msse4.1",), "pmaddubsw", 1, 4, _SSE_CPUS),
    "avx2": Tier("x86-64", "gcc", "x86/ops_avx2.c", ("-mavx2",), "vpmaddubsw", 1, 2, _AVX2_CPUS),
    "avx512vnni": Tier("x86-64", "gcc", "x86/ops_avx512vnni.c", _VNNI, "vpdpbusd", 1, 1, ("znver4", "icelake-server")),
    "neon": Tier(
        *("aarch64", _ARM_GCC, "arm/ops_neon.c", ("-march=armv8-a", "-mtune=cortex-a57")),
        *("smu?[lm][la]l2?|smull2?|smlal2?", 2, 0, ("cortex-a57",)),
    ),
    "neon_dotprod": Tier(
        *("aarch64", _ARM_GCC, "arm/ops_neon_dotprod.c", ("-march=armv8.2-a+dotprod", "-mtune=cortex-a76")),
        *("sdot", 1, 0, ("neoverse-n1",)),
    ),
}
EXACT_PER_QUAD = {"sse41": 8, "avx2": 4}
"""pmaddwd of a block of 16 channels for one quad, on layers that are not pair-safe."""

Code = list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description="Tables of inner loops for targets/predict.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mca", default="llvm-mca-19")
    parser.add_argument("--tier", action="append", choices=TIERS)
    wanted = parser.parse_args()
    for name in wanted.tier or TIERS:
        functions = compiled(TIERS[name])
        for cpu in TIERS[name].cpus:
            table = costs(name, functions, wanted.mca, cpu)
            path = wanted.folder / f"{name}-{cpu}.json"
            path.write_text(json.dumps(table, indent=1) + "\n")
            print(path)


def compiled(tier: Tier) -> dict[str, Code]:
    """Instructions and labels of every function of the driver."""
    with tempfile.TemporaryDirectory() as folder:
        assembly = Path(folder) / "tier.s"
        source = f'-DTIER_FILE="{SOURCE / tier.source}"'
        include = ["-I", str(SOURCE.parent / "include"), source]
        subprocess.run([tier.compiler, *COMMON, *tier.flags, *include, "-S", DRIVER, "-o", assembly], check=True)
        text = assembly.read_text()
    functions: dict[str, Code] = {}
    for found in re.finditer(r"^(\w+):\n(.*?)^\s*\.size\s+\1,", text, re.MULTILINE | re.DOTALL):
        lines = (re.sub(r"(//|#(?!:|-?\d)).*$", "", line).strip() for line in found[2].splitlines())
        functions[found[1]] = [line for line in lines if line and (line.endswith(":") or not line.startswith("."))]
    return functions


def costs(name: str, functions: dict[str, Code], mca: str, cpu: str) -> dict[str, Any]:
    """The table of one tier on one CPU."""
    tier = TIERS[name]
    table: dict[str, Any] = {
        "tier": name,
        "cpu": cpu,
        "compiler": first_line([tier.compiler, "--version"]),
        "flags": " ".join([*COMMON, *tier.flags]),
        "mca": next(line.strip() for line in output([mca, "--version"]).splitlines() if "version" in line),
        "dots": {},
        "finish": {},
        "values": {},
    }
    for function, code in functions.items():
        kind, _, shape = function.partition("_")
        loops, outside = split(code)
        timed = [measured(loop, mca, tier.arch, cpu) for loop in loops]
        rest = measured(outside, mca, tier.arch, cpu)
        if kind in ("dot", "exact"):
            per_quad = [quads(loop, kind, name, shape) for loop in loops]
            trips = [{"quads": q, **cost} for q, cost in zip(per_quad, timed, strict=True) if q]
            table["dots"]["exact" if kind == "exact" else shape] = {"loops": trips, "outside": rest}
        elif kind == "finish":
            rows = int(shape)
            total = {key: rest[key] + (rows * sum(loop[key] for loop in timed)) for key in rest}
            table["finish"][shape] = total
        elif kind == "value" and timed:
            widest = max(timed, key=lambda loop: loop["instructions"])
            table["values"][shape] = {"values": 16, **widest}
    return table


def quads(loop: Code, kind: str, name: str, shape: str) -> float:
    """Quads of inputs that one trip of a loop takes."""
    tier = TIERS[name]
    if kind == "exact":
        return count(loop, "v?pmaddwd") / EXACT_PER_QUAD[name]
    rows, columns = map(int, shape.split("x"))
    return count(loop, tier.multiplies) / (rows * columns * (tier.vectors or 1) * tier.per_quad)


def count(code: Code, mnemonics: str) -> int:
    return sum(re.fullmatch(mnemonics, line.split()[0]) is not None for line in code)


def split(code: Code) -> tuple[list[Code], Code]:
    """Innermost loops in their order, and everything else; branches stay, labels go."""
    labels = {line[:-1]: index for index, line in enumerate(code) if line.endswith(":")}
    spans = []
    for index, line in enumerate(code):
        target = line.split()[-1]
        if is_branch(line) and labels.get(target, index) < index:
            spans.append((labels[target], index))
    inner = [s for s in spans if not any(o != s and s[0] <= o[0] and o[1] <= s[1] for o in spans)]
    loops = [without_labels(code[first : last + 1]) for first, last in inner]
    outside = [line for i, line in enumerate(code) if not any(first <= i <= last for first, last in inner)]
    return loops, without_labels(outside)


def is_branch(line: str) -> bool:
    return re.match(r"(j[a-z]+|b|b\.\w+|b[a-z]{2}|cbn?z|tbn?z)\s", line) is not None


def without_labels(code: Code) -> Code:
    """What llvm's assembler takes: no labels, local symbols as foreign ones, gcc's sign-extended bytes as bytes."""
    plain = (re.sub(r"0xf{14}([0-9a-f]{2})\b", r"0x\1", line.replace(".L", "L_")) for line in code)
    return [line for line in plain if not line.endswith(":")]


def measured(code: Code, mca: str, arch: str, cpu: str) -> dict[str, float]:
    """Instructions, and cycles in a row of repetitions."""
    if not code:
        return {"instructions": 0, "cycles": 0.0}
    body = [line for line in code if line.split()[0] not in ("call", "ret", "bl")]
    command = [mca, f"-march={arch}", f"-mcpu={cpu}", f"-iterations={ITERATIONS}", "-json"]
    done = subprocess.run(command, input="\n".join(body), capture_output=True, text=True, check=True)
    summary = json.loads(done.stdout[done.stdout.index("{") :])["CodeRegions"][0]["SummaryView"]
    return {"instructions": len(code), "cycles": round(summary["TotalCycles"] / ITERATIONS, 3)}


def output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def first_line(command: list[str]) -> str:
    return output(command).splitlines()[0]


if __name__ == "__main__":
    main()
