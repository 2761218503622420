"""How much code is in a static library: sections of the objects in an archive, without binutils.

Formats: the System V and BSD archive; ELF (Tool Interface Standard, 1.2, and its 64-bit extension), COFF (Microsoft,
PE Format), WebAssembly (core specification, 5.5). Anything else is unknown, not an error: a studio's compiler may write
what it likes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_MAGIC, _HEADER = b"!<arch>\n", 60


@dataclass(frozen=True)
class Sections:
    """Bytes of an object that a program loads.

    Attributes
    ----------
    code, constants, data
        Instructions; read-only data, unwinding tables among it; what starts with a value and may change.
    """

    code: int = 0
    constants: int = 0
    data: int = 0

    @property
    def text(self) -> int:
        """What binutils' `size` calls text: code and constants."""
        return self.code + self.constants

    def __add__(self, other: Sections) -> Sections:
        return Sections(self.code + other.code, self.constants + other.constants, self.data + other.data)


def members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of an archive's members, without its own tables; raises ValueError when it is none."""
    if not archive.startswith(_MAGIC):
        raise ValueError("not an archive")
    names, at = b"", len(_MAGIC)
    while at + _HEADER <= len(archive):
        name, size = archive[at : at + 16].rstrip(), int(archive[at + 48 : at + 58])
        body = archive[at + _HEADER : at + _HEADER + size]
        at += _HEADER + size + size % 2
        if name == b"//":
            names = body
        elif name.startswith(b"#1/"):
            length = int(name[3:])
            name, body = body[:length].rstrip(b"\0"), body[length:]
        elif name.startswith(b"/") and name[1:].isdigit():
            name = names[int(name[1:]) :].split(b"\n", 1)[0]
        if name not in (b"/", b"//", b"/SYM64/") and not name.startswith(b"__.SYMDEF"):
            yield name.rstrip(b"/").decode(errors="replace"), body


def sections(member: bytes) -> Sections | None:
    """What a program loads of one object; None for a format that is unknown."""
    if member.startswith(b"\x7fELF\x02\x01"):
        return _elf(member)
    if member.startswith(b"\0asm"):
        return _wasm(member)
    if member[:2] in (b"\x64\x86", b"\x64\xaa"):  # AMD64, ARM64
        return _coff(member)
    return None


def _elf(member: bytes) -> Sections:
    allocated, executable, writable, no_bits = 2, 4, 1, 8
    start, width, count = (*struct.unpack_from("<Q", member, 40), *struct.unpack_from("<HH", member, 58))
    found = Sections()
    for index in range(count):
        kind, flags, _, _, size = struct.unpack_from("<IQQQQ", member, start + index * width + 4)
        if not flags & allocated or kind == no_bits:
            continue
        found += _section(size, bool(flags & executable), bool(flags & writable))
    return found


def _coff(member: bytes) -> Sections:
    code, values, removed, discarded, writable = 0x20, 0x40, 0xA00, 0x02000000, 0x80000000
    count, optional = struct.unpack_from("<H", member, 2)[0], struct.unpack_from("<H", member, 16)[0]
    found = Sections()
    for index in range(count):
        header = 20 + optional + 40 * index
        size, flags = struct.unpack_from("<I", member, header + 16)[0], struct.unpack_from("<I", member, header + 36)[0]
        if flags & (code | values) and not flags & (removed | discarded):
            found += _section(size, bool(flags & code), bool(flags & writable))
    return found


def _wasm(member: bytes) -> Sections:
    code, data = 10, 11
    found, at = Sections(), 8
    while at < len(member):
        kind, at = member[at], at + 1
        size, at = _leb128(member, at)
        if kind == code:
            found += Sections(code=size)
        elif kind == data:
            found += Sections(constants=size)
        at += size
    return found


def _section(size: int, executable: bool, writable: bool) -> Sections:
    if executable:
        return Sections(code=size)
    return Sections(data=size) if writable else Sections(constants=size)


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned number and where the next byte is."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
