"""What runtimes are compared on: recordings, with their phones where those are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput
from ..teachers.protocol import Phone

LOUDEST_GAIN = 120.0
"""dB; 16 bits have 96 between their first step and full scale."""


@dataclass(frozen=True, eq=False)
class Recordings:
    """PCM, float32 [samples] at the student's rate, and phones, both by name."""

    signals: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    phones: dict[str, tuple[Phone, ...]] = field(default_factory=dict)


def recordings(audio: str | Path | None, sample_rate: int, limit: int | None = None, gain: float = 0.0) -> Recordings:
    """Read a sound file, a folder of them, or one that also has phones: a corpus, or clips labelled by hand.

    Parameters
    ----------
    audio
        None: the packaged recordings.
    sample_rate
        Hz to read at.
    limit
        At most so many, spread evenly over all.
    gain
        dB, -120 to 120, by which they are made louder; beyond full scale is clipped when it becomes int16.

    Raises
    ------
    BadInput
        There is no such file, one of them cannot be read, or the gain is out of range.
    """
    if not -LOUDEST_GAIN <= gain <= LOUDEST_GAIN:
        raise BadInput("--gain", f"{gain:g} dB is out of range", f"give -{LOUDEST_GAIN:g} to {LOUDEST_GAIN:g}")
    from facelite.converters.calibration import sound_files

    from .. import data
    from ..evaluation.speech import PHONES, open_speech
    from ..speech.audio import read
    from ..speech.corpus import MANIFEST

    found: list[tuple[str, Path, tuple[Phone, ...]]]
    folder = Path(audio or "")
    if audio is None:
        found = [(clip.name, clip.path, clip.phones) for clip in data.clips()]
    elif (folder / MANIFEST).is_file() or (folder / PHONES).is_file():
        found = [(clip.path, clip.root / clip.path, clip.phones) for clip in open_speech(folder).clips]
    elif folder.is_dir():
        found = [(path.relative_to(folder).as_posix(), path, ()) for path in sound_files(folder)]
    else:
        found = [(folder.name, folder, ())]
    if limit is not None and len(found) > limit:
        found = [found[index] for index in np.linspace(0, len(found) - 1, limit).astype(int)]
    factor = np.float32(10 ** (gain / 20))
    signals = {name: read(path, sample_rate) * factor for name, path, _ in found}
    return Recordings(signals, {name: phones for name, _, phones in found if phones})
