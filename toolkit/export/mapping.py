"""From our controls to a studio's own rig: each of its controls is an offset plus a weighted sum of ours."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ..curves import Curves
from ..errors import BadInput

_KEYS = {"sum", "offset", "range"}


def read(path: str | Path) -> dict[str, dict[str, Any]]:
    """Read a mapping file.

    Its JSON object has one entry a control of the rig: ``"sum"`` names our controls and their gains, ``"offset"`` is
    added (default 0), ``"range"`` bounds the result (default: unbounded)::

        {"JawDrop": {"sum": {"jawOpen": 40.0, "mouthClose": -12.5}, "offset": 1.0, "range": [0, 40]}}

    Raises
    ------
    BadInput
        The file is no such object; names the control and the field at fault.
    """
    try:
        entries = json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise BadInput(path, "there is no such file", "give a mapping file (JSON)") from None
    except ValueError:
        raise BadInput(path, "this is no JSON", 'give an object such as {"JawDrop": {"sum": {"jawOpen": 1}}}') from None
    if not isinstance(entries, dict) or not entries:
        raise BadInput(path, "it maps no control", 'give an object such as {"JawDrop": {"sum": {"jawOpen": 1}}}')
    for name, entry in entries.items():
        _check(path, name, entry)
    return entries


def apply(curves: Curves, entries: dict[str, dict[str, Any]], source: str | Path = "--map") -> Curves:
    """The rig's curves, in the order of `entries`.

    Raises
    ------
    BadInput
        A sum names a control that the curves lack.
    """
    index = {name: column for column, name in enumerate(curves.controls)}
    values = np.zeros((len(curves.values), len(entries)), np.float32)
    for column, (name, entry) in enumerate(entries.items()):
        total = np.full(len(values), entry.get("offset", 0.0), np.float64)
        for ours, gain in entry["sum"].items():
            if ours not in index:
                raise BadInput(source, f"{name}: the student has no control {ours!r}", f"it has {', '.join(index)}")
            total += gain * curves.values[:, index[ours]].astype(np.float64)
        low, high = entry.get("range", (-math.inf, math.inf))
        clipped = np.clip(total, low, high)
        if np.abs(clipped).max(initial=0.0) > np.finfo(np.float32).max:
            raise BadInput(source, f"{name}: comes out larger than a float can be", "give smaller gains, or a range")
        values[:, column] = clipped
    return Curves(values, tuple(entries), curves.frame_rate)


def _check(path: str | Path, name: str, entry: Any) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("sum"), dict):
        raise BadInput(path, f'{name}: "sum" is missing', 'write {"sum": {"jawOpen": 1.0}}')
    if extra := set(entry) - _KEYS:
        raise BadInput(path, f"{name}: unknown field {sorted(extra)[0]!r}", f"use {', '.join(sorted(_KEYS))}")
    numbers = {f"sum of {ours}": gain for ours, gain in entry["sum"].items()} | {"offset": entry.get("offset", 0.0)}
    for field, value in numbers.items():
        if not _finite(value):
            raise BadInput(path, f"{name}: {field} is no number", "write a finite number")
    bounds = entry.get("range", [0, 1])
    if not (isinstance(bounds, list) and len(bounds) == 2 and all(map(_finite, bounds)) and bounds[0] <= bounds[1]):
        raise BadInput(path, f'{name}: "range" is not [low, high]', "write two numbers, the lower first")


def _finite(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False
