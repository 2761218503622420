"""`student.toml`: what a model file does not say about its student."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, field_validator

from . import strict_toml
from .companding import Curve
from .errors import BadInput

SPEC_NAME = "student.toml"

Name = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
"""Printable ASCII without spaces: it goes into the blob and into CSV headers."""


class StudentSpec(BaseModel):
    """What a runtime must know of a student besides its layers.

    Attributes
    ----------
    name
        Short name.
    sample_rate
        Hz of the waveform it hears.
    lookahead
        Samples of the model's window that lie in the future of the frame it gives.
    controls
        Name of each output, in order.
    smoothing
        Whether streams average three frames unless told otherwise.
    companding
        How the waveform becomes input codes (facelite.companding).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Name
    sample_rate: Annotated[int, Field(ge=8000, le=48000)] = 16000
    lookahead: Annotated[int, Field(ge=0, lt=1 << 20)]
    controls: Annotated[tuple[Name, ...], Field(min_length=1, max_length=1024, strict=False)]
    smoothing: bool = False
    companding: Curve = "mulaw"

    _source: str = PrivateAttr(SPEC_NAME)

    @property
    def source(self) -> str:
        """The file it came from, for messages."""
        return self._source

    @field_validator("controls")
    @classmethod
    def _distinct(cls, controls: tuple[str, ...]) -> tuple[str, ...]:
        doubled = sorted({name for name in controls if controls.count(name) > 1})
        if doubled:
            raise ValueError(f"names {', '.join(doubled)} more than once")
        return controls


def load(path: str | Path) -> StudentSpec:
    """Read a spec file.

    Raises
    ------
    BadInput
        It cannot be read, is not TOML, misspells a key or holds a value out of range.
    """
    spec = strict_toml.read(path, StudentSpec, "give the student's spec with --spec")
    spec._source = str(path)
    return spec


def text(spec: StudentSpec) -> str:
    """What `load` reads back as `spec`."""
    return (
        f"name = {strict_toml.quoted(spec.name)}\n"
        f"sample_rate = {spec.sample_rate} # Hz\n"
        f"lookahead = {spec.lookahead} # samples\n"
        f"smoothing = {str(spec.smoothing).lower()}\n"
        f'companding = "{spec.companding}"\n'
        f"controls = {strict_toml.listed(spec.controls)}\n"
    )


def beside(model: str | Path) -> StudentSpec:
    """The spec that lies beside a model file: `<its stem>.toml`, or else `student.toml`.

    Raises
    ------
    BadInput
        There is none, or `load` refuses it.
    """
    model = Path(model)
    for candidate in (model.with_suffix(".toml"), model.with_name(SPEC_NAME)):
        if candidate.is_file():
            return load(candidate)
    mend = f"write {model.with_name(SPEC_NAME)} with {', '.join(StudentSpec.model_fields)}, or give --spec"
    raise BadInput(model, f"has no {SPEC_NAME} beside it", mend)
