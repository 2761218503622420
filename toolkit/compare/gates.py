"""Gates: limits that a comparison must keep, written as `[RUNTIME:] MEASURE >= NUMBER`."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadInput

OUTPUT = (
    "correlation",
    "velocity_mse",
    "jitter",
    "jitter_ratio",
    "closure_f1",
    "closure_ap",
    "closure_f1_loss",
    "closure_ap_loss",
    "max_error",
    "mean_error",
    "snr_db",
    "cosine",
    "scale",
    "max_lsb",
)
"""Measures of a runtime's frames, all controls together."""

CONTROL = ("correlation", "max_error", "mean_error", "snr_db", "cosine", "scale")
"""Measures of each control, with `control.` before them: the worst control must keep the limit."""

LAYER = ("max_error", "mean_error", "snr_db", "cosine", "scale", "max_lsb", "different")
"""Measures of each layer, with `layer.` before them."""

MEASURES = (*OUTPUT, *(f"control.{name}" for name in CONTROL), *(f"layer.{name}" for name in LAYER))

_GATE = re.compile(r"(?:(?P<runtime>[^:]+):)?\s*(?P<measure>[a-z_0-9.]+)\s*(?P<relation>>=|<=)\s*(?P<limit>\S+)\s*")


@dataclass(frozen=True)
class Gate:
    """One limit.

    Attributes
    ----------
    text
        As it was written.
    runtime
        Part of the name of the runtimes that it is about, whatever the case; None: all.
    measure
        One of `MEASURES`.
    relation
        ">=" or "<=".
    limit
        In the measure's unit.
    """

    text: str
    runtime: str | None
    measure: str
    relation: str
    limit: float

    def keeps(self, value: float) -> bool:
        return value >= self.limit if self.relation == ">=" else value <= self.limit

    def is_about(self, runtime: str) -> bool:
        return self.runtime is None or self.runtime.lower() in runtime.lower()


def parse_gate(text: str) -> Gate:
    """A gate from its text: "correlation >= .98", "XNNPACK: layer.max_lsb <= 1".

    Raises
    ------
    BadInput
        The text is no gate, or its measure is unknown.
    """
    found = _GATE.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"gate {text!r}", "is not [RUNTIME:] MEASURE >= NUMBER, or <=", "for instance correlation>=.98")
    if found["measure"] not in MEASURES:
        raise BadInput(
            f"gate {text!r}", f"there is no measure {found['measure']}", f"take one of {', '.join(MEASURES)}"
        )
    try:
        limit = float(found["limit"])
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit):
        raise BadInput(f"gate {text!r}", f"{found['limit']!r} is no limit", "for instance correlation>=.98")
    runtime = found["runtime"].strip() if found["runtime"] else None
    return Gate(text.strip(), runtime, found["measure"], found["relation"], limit)


def read_gates(path: str | Path) -> list[Gate]:
    """The gates of a TOML file: `gates = ["correlation >= .98", …]`.

    Raises
    ------
    BadInput
        The file cannot be read, holds anything else, or a gate of it cannot be parsed.
    """
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(path, f"cannot be read as a file of gates: {error}") from error
    texts = document.get("gates")
    if set(document) != {"gates"} or not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise BadInput(path, "wants one key, gates, a list of texts", 'for instance gates = ["correlation >= .98"]')
    try:
        return [parse_gate(text) for text in texts]
    except BadInput as error:
        raise BadInput(path, str(error)) from None


def judge(gates: Sequence[Gate], runtimes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Hold the runtimes' rows of a comparison against gates.

    Returns
    -------
    One row a gate and runtime that has the measure: `gate`, `runtime`, `measure`, `value` (of the worst control or
    layer; None for the SNR of an exact match, which keeps any lower limit), `relation`, `limit`, `control`, `layer`,
    `holds`. Where the measure is not one of theirs, `control` is the one that errs most, and `layer` where the runtime
    first parts from its reference or, if none, the noisiest.

    Raises
    ------
    BadInput
        A gate is about no runtime, or its measure has no value here.
    """
    rows = []
    for gate in gates:
        found = list(_judged(gate, runtimes))
        if not found:
            raise BadInput(f"gate {gate.text!r}", *_unheld(gate, runtimes))
        rows += found
    return rows


def complaint(row: Mapping[str, Any]) -> str:
    """A broken gate in one line, naming runtime, layer, control, value and limit."""
    where = [f"{kind} {row[kind]}" for kind in ("control", "layer") if row[kind] is not None]
    about = f" ({', '.join(where)})" if where else ""
    value = "infinite" if row["value"] is None else f"{row['value']:.4g}"
    return f"{row['runtime']}: {row['measure']} is {value}, limit {row['relation']} {row['limit']:g}{about}"


def _judged(gate: Gate, runtimes: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    scope, _, name = gate.measure.rpartition(".")
    for row in runtimes:
        if not gate.is_about(row["runtime"]):
            continue
        parts = row[f"{scope}s"] if scope else [row]
        told = {index: value for index, part in enumerate(parts) if (value := _value(part, name)) is not None}
        if not told:
            continue
        pick = min if gate.relation == ">=" else max
        index = pick(told, key=told.__getitem__)
        worst, value = parts[index], told[index]
        yield {
            "gate": gate.text,
            "runtime": row["runtime"],
            "measure": gate.measure,
            "value": value if math.isfinite(value) else None,
            "relation": gate.relation,
            "limit": gate.limit,
            "control": worst["control"] if scope == "control" else _control(row) if not scope else None,
            "layer": worst["layer"] if scope == "layer" else _layer(row) if not scope else None,
            "holds": gate.keeps(value),
        }


def _value(part: Mapping[str, Any], name: str) -> float | None:
    """A measure of a runtime, control or layer; an exact match, which has no noise, is infinitely far above it."""
    if name == "snr_db" and part.get(name) is None and part.get("max_error") == 0:
        return math.inf
    return part.get(name)


def _control(row: Mapping[str, Any]) -> str | None:
    return max(row["controls"], key=lambda one: one["max_error"])["control"] if row["controls"] else None


def _layer(row: Mapping[str, Any]) -> str | None:
    if row["parts"] is not None:
        return row["parts"]["layer"]
    noisy = [one for one in row["layers"] if one["snr_db"] is not None]
    return min(noisy, key=lambda one: one["snr_db"])["layer"] if noisy else None


def _unheld(gate: Gate, runtimes: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    names = [row["runtime"] for row in runtimes]
    if not any(map(gate.is_about, names)):
        return f"no runtime is called {gate.runtime}", f"there are {', '.join(names)}"
    return f"{gate.measure} has no value here", "docs/compare.md says what each measure needs"
