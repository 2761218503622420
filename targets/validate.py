"""Does a student fit a target? Compares what the C library says of it with the target's limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import isa
from . import profile as profiles
from .evidence import Certificate, Evidence, gather
from .latency import Latency, latency
from .limits import CEILINGS, FORECASTS, Ceiling, Forecast, measure
from .predict import work
from .predict.predict import Prediction, host_errors, predict
from .schema import Figure, Limits, Profile

if TYPE_CHECKING:
    from facelite.student import Student

TIGHT = 0.9
"""From this share of a limit on, a limit that holds is shown as tight."""


@dataclass(frozen=True)
class Check:
    """One limit held against one student.

    Attributes
    ----------
    key, label, meaning
        The limit's name in a profile, its name in tables, one sentence.
    value, limit
        What the student takes and what the target allows, in `unit`; for `isa` two tier names.
    unit
        "B", "ms", "%" or "tier".
    share
        value / limit; None for a tier.
    holds
        Whether the limit is kept. A value equal to its limit keeps it.
    source, confidence
        Of the limit.
    """

    key: str
    label: str
    meaning: str
    value: float | str
    limit: float | str
    unit: str
    share: float | None
    holds: bool
    source: str
    confidence: str

    @property
    def margin(self) -> float | None:
        """How much is left, in `unit`; negative when the limit is broken; None for a tier."""
        if isinstance(self.value, str) or isinstance(self.limit, str):
            return None
        return self.limit - self.value

    @property
    def state(self) -> str:
        """ "holds", "tight" (nine tenths of the limit or more) or "broken"."""
        if not self.holds:
            return "broken"
        return "tight" if self.share is not None and self.share >= TIGHT else "holds"


@dataclass(frozen=True)
class Verdict:
    """Every limit of one target held against one student."""

    target: str
    title: str
    arch: str
    tier: str
    checks: tuple[Check, ...]
    latency: Latency
    prediction: Prediction | None
    """None when the target's CPU is not public enough; limits on it are then in `unchecked`."""
    unchecked: tuple[str, ...] = ()
    """Keys of limits that could not be held against anything."""
    certificate: Certificate | None = None
    """The bundle's, if it has one; no target is fit for a student that hears more than it says."""

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks) and (self.certificate is None or self.certificate.holds)

    @property
    def broken(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.holds)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain numbers, strings, lists and dicts; sizes in bytes, times in ms."""
        checks = [{**asdict(check), "margin": check.margin, "state": check.state} for check in self.checks]
        terms = [asdict(term) for term in self.latency.terms]
        return {
            "target": self.target,
            "title": self.title,
            "arch": self.arch,
            "tier": self.tier,
            "holds": self.holds,
            "checks": checks,
            "prediction": self.prediction and {**self.prediction.as_dict(), "host_errors": host_errors()},
            "unchecked": list(self.unchecked),
            "certificate": self.certificate and asdict(self.certificate),
            "latency": {"samples": self.latency.samples, "ms": self.latency.ms, "terms": terms},
        }


def validate(bundle: str | Path | Student | Evidence, target: str | Path | Profile) -> Verdict:
    """Hold a student against a target's limits.

    Parameters
    ----------
    bundle
        A bundle folder, a student.facelite file, a student that is loaded already, or evidence (`gather`).
    target
        Name of a profile that ships, path of a .toml file, or a profile.

    Returns
    -------
    Verdict
        One check for each limit that the profile sets, in the order of `targets.limits.CEILINGS`.

    Raises
    ------
    BadInput
        The bundle or the profile cannot be used; the text names the file and the field.
    """
    known = gather(bundle)
    student = known.student
    profile = target if isinstance(target, Profile) else profiles.load(target)
    prediction = predict(work.read(student.blob), profile)
    forecasts = () if prediction is None else tuple(_forecasts(student, prediction, profile.limits))
    wanted = {one.key for one in FORECASTS if getattr(profile.limits, one.key) is not None}
    return Verdict(
        target=profile.name,
        title=profile.title,
        arch=profile.arch,
        tier=isa.best_built(profile.arch, profile.cpu.isa.value),
        checks=(*_ceilings(measure(known, profile.arch), profile.limits), *forecasts, *_tier(profile)),
        latency=latency(student.info),
        prediction=prediction,
        unchecked=tuple(sorted(wanted - {check.key for check in forecasts})),
        certificate=known.certificate,
    )


def validate_all(bundle: str | Path | Student | Evidence) -> tuple[Verdict, ...]:
    """`validate` against every profile that ships."""
    known = gather(bundle)
    return tuple(validate(known, profile) for profile in profiles.load_all())


def _ceilings(measured: Mapping[str, float], limits: Limits) -> Iterator[Check]:
    for ceiling in CEILINGS:
        figure = getattr(limits, ceiling.key)
        if figure is None:
            continue
        yield _check(ceiling, figure, measured[ceiling.key])


def _forecasts(student: Student, prediction: Prediction, limits: Limits) -> Iterator[Check]:
    for forecast in FORECASTS:
        figure = getattr(limits, forecast.key)
        if figure is not None:
            yield _check(forecast, figure, forecast.measure(student, prediction.high_us / 1000, figure))


def _check(kind: Ceiling | Forecast, figure: Figure, value: float) -> Check:
    return Check(
        key=kind.key,
        label=kind.label,
        meaning=kind.meaning,
        value=value,
        limit=figure.base,
        unit=kind.unit,
        share=value / figure.base,
        holds=value <= figure.base,
        source=figure.source,
        confidence=figure.confidence,
    )


def _tier(profile: Profile) -> Iterator[Check]:
    """The instruction-set floor: the kernel must have code for it that this target's devices run."""
    floor = profile.limits.isa
    if floor is None:
        return
    tier = isa.best_built(profile.arch, profile.cpu.isa.value)
    yield Check(
        key="isa",
        label="kernel tier",
        meaning="strongest instruction set that the kernel has code for and every device runs",
        value=tier,
        limit=floor.value,
        unit="tier",
        share=None,
        holds=isa.rank(profile.arch, tier) >= isa.rank(profile.arch, floor.value),
        source=floor.source,
        confidence=floor.confidence,
    )
