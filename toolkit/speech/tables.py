"""Tables that people write: CSV with a header line, read so that a fault is named with its file and line."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ..errors import BadInput


@dataclass(frozen=True)
class Line:
    """One row: `cells` by column, from line `number` of `file`."""

    file: Path
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def fault(self, problem: str, mend: str) -> BadInput:
        """The error to raise about this row."""
        return BadInput(self.file, f"line {self.number}: {problem}", mend)

    def value(self, column: str) -> float:
        """A finite number.

        Raises
        ------
        BadInput
            The cell holds none.
        """
        try:
            found = float(self[column])
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            raise self.fault(f"{column} {self[column]!r} is no number", "correct it")
        return found

    def span(self) -> tuple[float, float]:
        """The columns `start` and `end`, in seconds.

        Raises
        ------
        BadInput
            One is no number, or the end comes before the start.
        """
        start, end = self.value("start"), self.value("end")
        if end < start:
            raise self.fault(f"end {end:g} comes before start {start:g}", "give seconds from the start of the clip")
        return start, end


def read(path: Path, columns: Sequence[str], remainder: str = "") -> Iterator[Line]:
    """The rows of a table, with the cells of `columns`; others may stand there too.

    Parameters
    ----------
    remainder
        A column that, where it is the header's last, takes what follows it in a row, commas and all.

    Raises
    ------
    BadInput
        There is no such file, it is not UTF-8, it lacks a column, or a row has not as many cells as the header.
    """
    if not path.is_file():
        raise BadInput(path, "is missing", f"it has the columns {','.join(columns)}")
    with opened(path) as file:
        reader = csv.DictReader(file)
        if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
            raise BadInput(path, f"lacks the column {', '.join(missing)}", f"its header must name {','.join(columns)}")
        open_ended = bool(remainder) and reader.fieldnames is not None and reader.fieldnames[-1] == remainder
        for row in reader:
            if open_ended and (surplus := row.pop(None, None)):
                row[remainder] = ",".join([row[remainder], *surplus])
            line = Line(path, reader.line_num, {name: row[name] for name in columns})
            if None in row.values() or any(row.get(None, ())):
                raise line.fault("has not as many cells as the header", "quote a cell that holds a comma")
            yield line


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """The file as text.

    Raises
    ------
    BadInput
        It is not UTF-8, or what reads it finds no CSV in it.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield file
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(path, f"is not a table in UTF-8 ({error})", "save it again as UTF-8") from None
