"""Where in a TOML file a key stands. `tomllib` does not tell, and a message that names the line is worth having."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*([A-Za-z0-9_."' -]+?)\s*=""")


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The 1-based line that holds `path`, or the nearest enclosing table or inline table; None when nothing does.

    Parameters
    ----------
    text
        A TOML document.
    path
        Keys from the root, for instance ``("limits", "weights", "unit")``.
    """
    wanted = tuple(path)
    table: tuple[str, ...] = ()
    best_line, best_depth = None, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _split(header[1])
            here = table
        elif key := _KEY.match(line):
            here = table + _split(key[1])
        else:
            continue
        if len(here) > best_depth and here == wanted[: len(here)]:
            best_line, best_depth = number, len(here)
    return best_line


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
