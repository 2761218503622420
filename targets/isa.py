"""Instruction-set tiers: which exist, in which order, and which of them the kernel is built with."""

from __future__ import annotations

TIERS: dict[str, tuple[str, ...]] = {
    "x86_64": ("ref", "sse41", "avx2", "avxvnni", "avx512vnni"),
    "aarch64": ("ref", "neon", "neon_dotprod"),
    "wasm32": ("ref", "wasm_simd128", "wasm_relaxed_simd"),
}
"""Tier names per architecture, weakest first; they are what `FACELITE_ISA` takes."""

BUILT: dict[str, tuple[str, ...]] = {
    "x86_64": ("ref", "sse41", "avx2", "avxvnni", "avx512vnni"),
    "aarch64": ("ref", "neon", "neon_dotprod"),
    "wasm32": ("ref", "wasm_simd128", "wasm_relaxed_simd"),
}
"""Tiers that kernels/src has code for. `ref` is plain C11 and runs on anything."""


def rank(arch: str, tier: str) -> int:
    """Place of `tier` among its architecture's, 0 the weakest."""
    return TIERS[arch].index(tier)


def best_built(arch: str, device: str) -> str:
    """The strongest tier that the kernel is built with and a device of tier `device` runs."""
    usable = [tier for tier in BUILT[arch] if rank(arch, tier) <= rank(arch, device)]
    return max(usable, key=lambda tier: rank(arch, tier))
