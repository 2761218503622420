"""Sends frames when they are due; the curves' last frame, where the face rests, arrives whatever happens."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...curves import Curves
from ...errors import BadInput
from ..rates import frame_of, nominal_rate
from . import livelink_udp, vmc

FPS = 60.0
"""Frame rate of a stream unless told otherwise."""

Encode = Callable[[Curves, int], Iterable[bytes]]
"""Curves and the number of a frame -> its datagrams."""


@dataclass(frozen=True)
class Sent:
    """What a stream came to: `frames` sent, and `late` ones that were passed over since the next was due."""

    frames: int
    late: int


def send_vmc(curves: Curves, target: str) -> Sent:
    """Stream curves to a VMC receiver at `target`, HOST:PORT, in real time."""
    return _send(curves, target, "--osc", 39540, _encode_vmc)


def send_livelink(curves: Curves, target: str, subject: str = "facelite", start: str | None = None) -> Sent:
    """Stream curves to Unreal's Live Link at `target`, HOST:PORT, in real time.

    Parameters
    ----------
    curves
        Controls that Live Link Face lacks are left out.
    target
        HOST:PORT, or HOST for port 11111.
    subject
        The name that Unreal lists.
    start
        Timecode of the first frame. Default: the time of day.

    Raises
    ------
    BadInput
        No such host, a rate that timecode cannot count, or curves without any of the controls.
    """
    if not set(livelink_udp.VALUES) & set(curves.controls):
        raise BadInput("--livelink", "Live Link Face has none of these controls", "send ARKit's, without --as or --map")
    first = frame_of(start, nominal_rate(curves.frame_rate)) if start is not None else _now(curves.frame_rate)
    encoder = livelink_udp.Encoder(subject, curves.frame_rate, first)
    curves = curves.select(livelink_udp.VALUES)
    return _send(curves, target, "--livelink", 11111, lambda all_frames, index: (encoder.encode(all_frames, index),))


def _encode_vmc(curves: Curves, index: int) -> Iterable[bytes]:
    return vmc.packets(curves.controls, curves.values[index].tolist(), index / curves.frame_rate)


def _send(curves: Curves, target: str, option: str, port: int, encode: Encode) -> Sent:
    """Every frame when it is due; one that is late is passed over. The last is sent even when interrupted."""
    last = len(curves.values) - 1
    family, address = _resolve(target, option, port)
    sent = index = 0
    with socket.socket(family, socket.SOCK_DGRAM) as channel:

        def send(number: int) -> None:
            try:
                for packet in encode(curves, number):
                    channel.sendto(packet, address)
            except OSError as error:
                raise BadInput(option, f"{target}: {error.strerror}", "give the address of one receiver") from None

        started = time.monotonic()
        try:
            while index < last:
                _sleep_until(started + index / curves.frame_rate)
                send(index)
                sent += 1
                index = max(index + 1, int((time.monotonic() - started) * curves.frame_rate))
            _sleep_until(started + last / curves.frame_rate)
        finally:
            send(last)
    return Sent(sent + 1, last - sent)


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _resolve(target: str, option: str, port: int) -> tuple[socket.AddressFamily, tuple]:
    fields = re.fullmatch(r"(?:\[(.+)\]|([^:\[\]]+))(?::(\d{1,5}))?", target)
    if fields is None or not 0 < int(fields[3] or port) < 65536:
        raise BadInput(option, f"{target!r} is no HOST:PORT", f"write for example 127.0.0.1:{port}")
    host = fields[1] or fields[2]
    try:
        found = socket.getaddrinfo(host, int(fields[3] or port), type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:  # "a..b" is a UnicodeError
        why = getattr(error, "strerror", None) or "no host can have that name"
        raise BadInput(option, f"{host}: {why}", "give the name or address of the receiver") from None
    family, _, _, _, address = found[0]
    return family, address


def _now(frame_rate: float) -> int:
    """The time of day in frames."""
    now = time.time()
    here = time.localtime(now)
    seconds = (here.tm_hour * 60 + here.tm_min) * 60 + here.tm_sec + now % 1
    return int(seconds * frame_rate)
