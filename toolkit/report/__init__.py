"""One report a bundle: report.json for programs, and report.html, a single page that plays the face.

>>> report = collect(student, graph, verdicts=verdicts, clip=clip)
>>> write("out/", report, clip)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..atomic import write_text
from .clip import Clip
from .content import collect
from .page import render
from .timing import Timing, measure

__all__ = ["Clip", "Timing", "collect", "measure", "render", "write"]


def write(folder: str | Path, report: Mapping[str, Any], clip: Clip | None = None) -> Path:
    """Write report.json and report.html into `folder`; returns the page's path."""
    folder = Path(folder)
    write_text(folder / "report.json", json.dumps(report, indent=2, allow_nan=False) + "\n")
    write_text(folder / "report.html", render(report, clip))
    return folder / "report.html"
