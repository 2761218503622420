"""Which of facelite's extras brings an optional package; the core itself needs only NumPy."""

from __future__ import annotations

_MODULES = {
    "cli": ("typer", "rich", "pydantic", "pydantic_core", "soundfile", "soxr", "jinja2", "pyarrow"),
    "convert": ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "ai_edge_litert", "flatbuffers", "h5py"),
    "distill": ("mido", "tensorboardX"),
    "align": ("pocketsphinx",),
    "cluster": ("ray",),
    "hubert": ("safetensors", "torch", "transformers"),
    "mesh": ("sklearn",),
    "cross": ("cmake", "ninja", "ziglang"),
    "dev": ("cffi", "hypothesis", "playwright", "pytest", "scipy"),
}


def missing_extra(module: str) -> str | None:
    """Name of the extra that installs `module` ("keras.layers" counts as "keras"), or None for a foreign one."""
    package = module.partition(".")[0]
    return next((extra for extra, modules in _MODULES.items() if package in modules), None)


def modules_by_extra() -> dict[str, tuple[str, ...]]:
    """The modules that each extra brings."""
    return dict(_MODULES)
