"""Frame rates of video, and the timecode that counts their frames."""

from __future__ import annotations

import re
from fractions import Fraction

from ..errors import BadInput


def exact(fps: float) -> float:
    """`fps` itself, or the 1000/1001 of a whole number that people write as 23.976, 29.97 or 59.94 (SMPTE ST 12-1)."""
    ntsc = round(fps) * 1000 / 1001
    return ntsc if fps != round(fps) and abs(fps - ntsc) < 0.005 else fps


def fraction(fps: float) -> Fraction:
    """`fps` as numerator and denominator: 30000/1001 for 29.97."""
    whole = round(fps)
    if abs(fps - whole * 1000 / 1001) < 1e-9:
        return Fraction(whole * 1000, 1001)
    return Fraction(fps).limit_denominator(1001)


def nominal_rate(fps: float) -> int:
    """Frames that timecode counts in a second: 60 for 60 and for 59.94 (non-drop)."""
    nominal = round(fps)
    if not any(abs(fps - rate) < 0.005 for rate in (nominal, nominal * 1000 / 1001)) or not 1 <= nominal <= 240:
        raise BadInput("--fps", f"timecode cannot count {fps:g} frames a second", "use 24, 25, 29.97, 30, 50 or 60")
    return nominal


def timecode(index: int, nominal: int) -> str:
    """Non-drop timecode of frame `index`; frames lie on the grid, so the subframe is always 000."""
    seconds, frame = divmod(index, nominal)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour % 24:02d}:{minute:02d}:{second:02d}:{frame:02d}.000"


def frame_of(text: str, nominal: int) -> int:
    """Number of the frame that a non-drop timecode names; the reverse of `timecode`."""
    fields = re.fullmatch(r"(\d{1,2}):(\d\d):(\d\d):(\d{2,3})", text)
    hour, minute, second, frame = map(int, fields.groups()) if fields else (24, 0, 0, 0)
    if hour > 23 or minute > 59 or second > 59 or frame >= nominal:
        raise BadInput("--start", f"{text!r} is no timecode at {nominal} frames a second", "write HH:MM:SS:FF")
    return ((hour * 60 + minute) * 60 + second) * nominal + frame
