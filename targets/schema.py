"""What a target profile may say. Profiles are TOML; every figure carries its unit, source and confidence.

docs/targets.md explains the file to whoever writes one. Checking is strict: an unknown key, a wrong unit or a
value out of range is answered with the file, the line, the key and what is allowed (targets/profile.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, ClassVar, Literal

from facelite.compare.gates import parse_gate
from facelite.errors import BadInput
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from . import isa, units
from .predict import tables

BUDGET = "our budget"
"""`source` of a limit that facelite chose itself; the profile gives the reason in a comment beside it."""

Confidence = Literal["high", "medium", "low"]


class UnknownTier(ValueError):
    """A tier name that the profile's architecture does not have; `key` is where it stands."""

    def __init__(self, key: tuple[str, ...], tier: str, arch: str) -> None:
        super().__init__(f"{tier!r} is not a tier of {arch}: {', '.join(isa.TIERS[arch])}")
        self.key = key


class UnknownScheduling(ValueError):
    """A scheduling model that no table is of; `key` is where it stands."""

    key = ("cpu", "scheduling")

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"{name!r} has no table; known: {', '.join(known)}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Figure(_Strict):
    """One number with where it comes from.

    Attributes
    ----------
    value, unit
        The number as the profile writes it.
    source
        Who says so, or "our budget" for a limit that facelite chose.
    confidence
        high: vendor, or repeated first-hand; medium: trade press; low: one report, or inferred. A budget is a
        decision, so it is known exactly: high.
    """

    unit_table: ClassVar[dict[str, float]]
    base_unit: ClassVar[str]

    value: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    unit: str
    source: Annotated[str, Field(min_length=1)]
    confidence: Confidence

    @model_validator(mode="after")
    def _known_unit(self) -> Figure:
        if self.unit not in self.unit_table:
            raise ValueError(f"unit {self.unit!r} is not one of {', '.join(self.unit_table)}")
        return self

    @property
    def base(self) -> float:
        """The value in `base_unit`."""
        return self.value * self.unit_table[self.unit]

    @property
    def text(self) -> str:
        """The number with its unit."""
        return f"{self.value:g} {self.unit}"


class Bytes(Figure):
    unit_table = units.BYTES
    base_unit = "B"


class Duration(Figure):
    unit_table = units.MILLISECONDS
    base_unit = "ms"


class CrowdShare(Figure):
    """The share of one core that `count` characters may take."""

    unit_table = units.PERCENT
    base_unit = "%"

    count: Annotated[int, Field(ge=1, le=10_000)]

    @property
    def text(self) -> str:
        """The share and whose it is."""
        return f"{super().text} for {self.count}"


class Frequency(Figure):
    unit_table = units.GIGAHERTZ
    base_unit = "GHz"


class Count(Figure):
    unit_table = units.COUNT
    base_unit = "cores"


class Statement(_Strict):
    """A fact that is a word: a CPU's name, an instruction-set tier."""

    value: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    confidence: Confidence

    @property
    def text(self) -> str:
        """The word."""
        return self.value


def _between(low: float, high: float) -> Callable[[Figure], Figure]:
    def check(figure: Figure) -> Figure:
        if not low <= figure.base <= high:
            given = f"{figure.value:g} {figure.unit}"
            raise ValueError(f"{given} is outside the allowed {low:g} to {high:g} {figure.base_unit}")
        return figure

    return check


Size = Annotated[Bytes, AfterValidator(_between(1, 2**30))]
Delay = Annotated[Duration, AfterValidator(_between(1, 10_000))]
Work = Annotated[Duration, AfterValidator(_between(0.001, 1000))]
Share = Annotated[CrowdShare, AfterValidator(_between(0.001, 100))]


class Cpu(_Strict):
    """The processor, as far as it is public."""

    model: Statement
    cores: Count | None = None
    """Cores that a game gets."""
    clock: Frequency | None = None
    l1d: Bytes | None = None
    l2: Bytes | None = None
    l3: Bytes | None = None
    isa: Statement
    """Strongest tier of `targets.isa.TIERS` that every device of this target runs."""
    scheduling: Statement | None = None
    """CPU whose tables in targets/predict/costs predict this one; the confidence decides the error band."""


class Memory(_Strict):
    games: Bytes | None = None
    """Memory that a game may use."""


class Limits(_Strict):
    """What a student must keep to on this target. A limit that is left out is not checked."""

    weights: Size | None = None
    model_file: Size | None = None
    code: Size | None = None
    state: Size | None = None
    scratch: Size | None = None
    stack: Size | None = None
    memory: Size | None = None
    future_audio: Delay | None = None
    latency: Delay | None = None
    hop: Work | None = None
    characters: Share | None = None
    isa: Statement | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Limits:
        if not self.model_fields_set:
            raise ValueError(f"sets no limit; it may set {', '.join(type(self).model_fields)}")
        return self


def _gates(texts: list[str]) -> list[str]:
    for text in texts:
        try:
            parse_gate(text)
        except BadInput as error:
            raise ValueError(str(error)) from None
    return texts


class Profile(_Strict):
    """A target: what the hardware is, and what a student is allowed to cost there.

    Attributes
    ----------
    name
        What `--target` takes; the file's name for the profiles that ship.
    title
        For people.
    extends
        The profile that this one completes: a name, or a path of a .toml file relative to this one.
    arch
        An architecture of `targets.isa.TIERS`.
    system
        What `facelite build` links for; without it Linux, or WASI for wasm32.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: Annotated[str, Field(min_length=1)]
    extends: str | None = None
    arch: Literal["x86_64", "aarch64", "wasm32"]
    system: Literal["linux", "windows", "wasi"] | None = None
    cpu: Cpu
    memory: Memory = Memory()
    limits: Limits
    gates: Annotated[list[str], AfterValidator(_gates)] = []
    """What `facelite compare --target` holds runtimes to, as `--gate` takes it."""

    @model_validator(mode="after")
    def _known_tiers(self) -> Profile:
        for table, statement in (("cpu", self.cpu.isa), ("limits", self.limits.isa)):
            if statement is not None and statement.value not in isa.TIERS[self.arch]:
                raise UnknownTier((table, "isa"), statement.value, self.arch)
        return self

    @model_validator(mode="after")
    def _known_scheduling(self) -> Profile:
        scheduling, known = self.cpu.scheduling, tables.cpus(self.arch)
        if scheduling is not None and scheduling.value not in known:
            raise UnknownScheduling(scheduling.value, known)
        return self
