"""facelite: speech-driven facial animation that runs on the device.

>>> import facelite
>>> student = facelite.load("out/")
>>> curves = student.animate(pcm)  # float32 [frames, controls]

Public names are imported when they are first used, so that `import facelite` needs only NumPy; `convert` and `validate`
need the extras of the same stage.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .converters.bundle import convert
    from .curves import Curves
    from .errors import BadInput, FaceliteError, MissingDependency, Unsupported
    from .student import Stream, Student, load
    from .targets.validate import validate

_HOMES = {
    "BadInput": "errors",
    "Curves": "curves",
    "FaceliteError": "errors",
    "MissingDependency": "errors",
    "Stream": "student",
    "Student": "student",
    "Unsupported": "errors",
    "convert": "converters.bundle",
    "load": "student",
    "validate": "targets.validate",
}

__all__ = [
    "BadInput",
    "Curves",
    "FaceliteError",
    "MissingDependency",
    "Stream",
    "Student",
    "Unsupported",
    "convert",
    "load",
    "validate",
]

__version__: str


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("facelite")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
