"""Doom's WAD archives: a header, lumps of bytes, and a directory of them (Doom Wiki, "WAD")."""

from __future__ import annotations

import struct
from pathlib import Path

from ...errors import BadInput

HEADER, ENTRY = struct.Struct("<4sii"), struct.Struct("<ii8s")


def lumps(path: Path) -> dict[str, bytes]:
    """Every lump by its name; of those with one name the last, as the game takes them.

    Raises
    ------
    BadInput
        Not a WAD, or cut short.
    """
    data = path.read_bytes()
    try:
        kind, count, directory = HEADER.unpack_from(data)
        entries = [ENTRY.unpack_from(data, directory + index * ENTRY.size) for index in range(count)]
    except struct.error:
        kind, entries = b"", []
    if kind not in (b"IWAD", b"PWAD") or any(start + size > len(data) for start, size, _ in entries):
        raise BadInput(path, "is no whole WAD archive", "install the package that it came with again")
    return {name.rstrip(b"\0").decode("latin-1"): data[start : start + size] for start, size, name in entries}
