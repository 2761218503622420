"""Text as a recording, spoken by flite."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .. import doctor
from ..errors import BadInput, FaceliteError

VOICE = "slt"
"""A woman's; the best that Debian's flite brings."""


def speak(text: str, path: Path) -> None:
    """Write `text`, English, as a 16 kHz WAV file.

    Raises
    ------
    FaceliteError
        flite is not installed, or fails.
    BadInput
        Nothing in `text` can be spoken.
    """
    if not any(letter.isalnum() for letter in text):
        raise BadInput(f"--say {text!r}", "holds nothing to speak", "give English words")
    program = doctor.require("flite", "speaking text").path
    done = subprocess.run([program, "-voice", VOICE, "-t", text, "-o", path], capture_output=True, check=False)
    if done.returncode:
        raise FaceliteError(f"flite failed on {text!r}: {done.stderr.decode(errors='replace').strip()}")
