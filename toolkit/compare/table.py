"""A comparison as one tidy table: a line for each number, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

COLUMNS = ("runtime", "mode", "scope", "item", "measure", "value")

Line = tuple[str, str, str, str, str, float]


def lines(runtimes: list[dict[str, Any]]) -> Iterator[Line]:
    """(runtime, mode, scope, item, measure, value) of every number of a comparison's `runtimes`.

    `scope` is "output", "control", "layer" or "lsb"; `item` the control or the layer, for "lsb" the difference in codes
    to LiteRT's reference kernels, whose `measure` is a count.
    """
    for row in runtimes:
        own = (row["runtime"], row["mode"])
        yield from ((*own, "output", "", name, value) for name, value in _numbers(row))
        for scope in ("control", "layer"):
            for part in row[f"{scope}s"]:
                yield from ((*own, scope, part[scope], name, value) for name, value in _numbers(part))
        yield from ((*own, "lsb", step, "count", count) for step, count in row.get("lsb", {}).items())


def to_csv(runtimes: list[dict[str, Any]]) -> str:
    """Those lines as CSV with a heading."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines(runtimes))
    return text.getvalue()


def _numbers(row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in row.items():
        if isinstance(value, int | float):
            yield name, value
