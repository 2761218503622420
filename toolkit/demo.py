"""The main job in one call: from the shipped Keras student to a proved bundle and a face that talks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .data import demo_clip
from .export import write
from .report.build import Built, build

STUDENT = Path(__file__).parent / "weights" / "tiny_real_time" / "student.keras"
"""The student that ships."""

CURVES_NAME = "talk.csv"

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the demo made.

    Attributes
    ----------
    folder
        The bundle.
    curves
        Live Link Face CSV of the recording.
    report
        The report with its facts and the animated recording.
    """

    folder: Path
    curves: Path
    report: Built

    @property
    def holds(self) -> bool:
        """Whether every runtime agrees and every target's limits are kept."""
        return self.report.holds


def run(folder: str | Path, progress: Progress | None = None) -> Outcome:
    """Convert the shipped student, prove it, hold it to every target and animate a human recording with it.

    Parameters
    ----------
    folder
        Where the bundle goes; files of an earlier run are replaced.
    progress
        Told in a few words what is being done.

    Raises
    ------
    BadInput
        The folder cannot be written to.
    FaceliteError
        Two runtimes disagree: nothing was written.
    """
    from facelite.converters.bundle import convert

    folder = Path(folder)
    convert(STUDENT, folder, progress=progress)
    report = build(folder, demo_clip(), source=STUDENT, progress=progress)
    curves = folder / CURVES_NAME
    write(curves, report.clip.curves)
    return Outcome(folder, curves, report)
