"""Open Sound Control 1.0: messages and bundles as bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable

_AT_ONCE = struct.pack(">II", 0, 1)
"""The time tag that means immediately."""


def message(address: str, *arguments: str | int | float) -> bytes:
    """One message; arguments become strings, int32 or float32 by their type."""
    tags, body = ",", b""
    for argument in arguments:
        match argument:
            case str():
                tags, body = tags + "s", body + _string(argument)
            case int():
                tags, body = tags + "i", body + struct.pack(">i", argument)
            case float():
                tags, body = tags + "f", body + struct.pack(">f", argument)
    return _string(address) + _string(tags) + body


def bundles(messages: Iterable[bytes], limit: int = 1400) -> Iterable[bytes]:
    """The messages in order, in as few bundles as stay below `limit` bytes: what one Ethernet frame carries."""
    head = _string("#bundle") + _AT_ONCE
    packed = head
    for one in messages:
        element = struct.pack(">i", len(one)) + one
        if len(packed) + len(element) > limit and packed != head:
            yield packed
            packed = head
        packed += element
    if packed != head:
        yield packed


def _string(text: str) -> bytes:
    data = text.encode() + b"\0"
    return data + bytes(-len(data) % 4)
