"""Measurements kept beside a bundle, and prediction and measurement side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facelite.atomic import write_text
from facelite.errors import BadInput

FOLDER = "measured"
_TOLD = {"target", "via", "isa", "emulated", "bits", "times", "prediction"}
KINDS = ("warm", "cold", "paced", "crowd", "threads")


def write(bundle: str | Path, report: Mapping[str, Any]) -> Path:
    """Keep a measurement in the bundle, one for each target and way; returns its path."""
    via = re.sub(r"[^A-Za-z0-9.]+", "-", report["via"]).strip("-")
    path = Path(bundle) / FOLDER / f"{report['target']['name']}-{via}.json"
    write_text(path, json.dumps(report, indent=2, allow_nan=False) + "\n")
    return path


def load(bundle: str | Path, blob_sha256: str | None = None) -> list[dict[str, Any]]:
    """Every measurement that the bundle keeps, in the order of their names.

    Parameters
    ----------
    blob_sha256
        Leaves out what was measured of another student.

    Raises
    ------
    BadInput
        A file of the folder is damaged.
    """
    found = []
    for path in sorted((Path(bundle) / FOLDER).glob("*.json")):
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
            own = report["build"]["student"]["sha256"]
            if missing := _TOLD - report.keys():
                raise KeyError(min(missing))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(path, f"is no measurement ({type(error).__name__})", "measure again or remove it") from None
        if blob_sha256 in (None, own):
            found.append(report)
    return found


def rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Prediction and measurement side by side, µs of one character's hop.

    Each row: `what`; `p50_us`, `p99_us`, `max_us` measured; `predicted_us`, `low_us`, `high_us` and `error` (measured
    median over predicted, less 1) where the prediction is about the same thing, else None: it knows one tier, warm
    caches and one character alone. Under an emulator there are no rows: its times mean nothing.
    """
    if report["emulated"] or not report["times"]:
        return []
    prediction, found = report["prediction"], []
    if prediction and prediction["tier"] != report["isa"]:
        prediction = None
    for kind, times in report["times"].items():
        share = 1e-3 / (report["characters"] if kind in ("crowd", "threads") else 1)
        row = {"what": kind, **{f"{key}_us": times[key] * share for key in ("p50", "p99", "max")}}
        same = prediction if kind == "warm" else None
        row |= {f"{key}us": same[f"{key}us"] if same else None for key in ("low_", "high_")}
        row["predicted_us"] = same["us"] if same else None
        row["error"] = row["p50_us"] / same["us"] - 1 if same else None
        found.append(row)
    return found
