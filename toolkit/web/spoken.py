"""Text as a recording, spoken by flite."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .. import doctor
from ..errors import BadInput

VOICE = "slt"
"""A woman's; the best that Debian's flite brings."""


def speak(text: str, path: Path) -> None:
    """Write `text`, English, as a 16 kHz WAV file.

    Raises
    ------
    FaceliteError
        flite is not installed.
    BadInput
        Nothing in `text` can be spoken.
    """
    program = doctor.require("flite", "speaking text").path
    done = subprocess.run([program, "-voice", VOICE, "-t", text, "-o", path], capture_output=True, check=False)
    if done.returncode or not path.is_file() or path.stat().st_size <= 44:  # a WAV header and no sample
        raise BadInput(f"--say {text!r}", "flite makes no sound of it", "give English words")
