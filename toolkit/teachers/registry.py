"""Every teacher by the words that name it on the command line: `oracle`, `neural:FOLDER`, `onnx:FILE.toml`, …"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import BadInput
from .protocol import Teacher

SHIPPED_NEURAL = Path(__file__).resolve().parents[2] / "weights" / "teacher"
"""The neural teacher's weights in a checkout; a wheel does not hold them."""


@dataclass(frozen=True)
class _Kind:
    """Where a kind of teacher lives.

    Attributes
    ----------
    module, name
        The class, imported when it is asked for.
    argument
        What follows the colon, for messages; "" where nothing does.
    shipped
        What is opened when nothing follows although something can.
    """

    module: str
    name: str
    argument: str = ""
    shipped: Path | None = None

    def teacher(self) -> Any:
        return getattr(import_module(f".{self.module}", __package__), self.name)


_KINDS = {
    "oracle": _Kind("oracle", "OracleTeacher"),
    "activity": _Kind("activity", "ActivityTeacher"),
    "neural": _Kind("neural.teacher", "NeuralTeacher", "FOLDER", SHIPPED_NEURAL),
    "onnx": _Kind("onnx_file", "OnnxTeacher", "FILE.toml"),
    "hubert": _Kind("hubert.teacher", "HubertTeacher", "FOLDER"),
    "curves": _Kind("precomputed", "CurvesTeacher", "FOLDER"),
}


def open_teacher(spec: str) -> Teacher:
    """The teacher that `spec` names; what it needs is imported now and not before.

    Parameters
    ----------
    spec
        "oracle", or a kind and the path that it is read from, as `specs` lists them. "neural" alone means the
        weights that a checkout ships.

    Raises
    ------
    BadInput
        No such kind, a path is missing or not wanted, or the files at it cannot be used.
    """
    name, colon, argument = spec.partition(":")
    kind = _KINDS.get(name)
    if kind is None:
        raise BadInput("--teacher", f"{spec!r} is no teacher", f"use one of {', '.join(specs())}")
    if not kind.argument:
        if colon:
            raise BadInput("--teacher", f"{spec!r}: {name} is read from no file", f"say {name}")
        return kind.teacher()()
    if argument:
        return kind.teacher().open(Path(argument))
    if kind.shipped is None or colon:
        raise BadInput("--teacher", f"{spec!r} names no {kind.argument}", f"say {name}:{kind.argument}")
    if not kind.shipped.is_dir():
        mend = f"clone facelite's repository, which holds them in weights/, or say {name}:{kind.argument}"
        raise BadInput(f"{name} teacher", f"its weights are not at {kind.shipped}", mend)
    return kind.teacher().open(kind.shipped)


def names_teacher(spec: str) -> bool:
    """Whether `spec` names a teacher: anything else is a file or folder, as is `./oracle` or `oracle/`."""
    return spec.partition(":")[0] in _KINDS


def specs() -> tuple[str, ...]:
    """What `open_teacher` understands, with placeholders for paths."""
    return tuple(
        spec
        for name, kind in _KINDS.items()
        for spec, known in ((name, not kind.argument or kind.shipped), (f"{name}:{kind.argument}", kind.argument))
        if known
    )
