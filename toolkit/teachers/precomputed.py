"""The curves teacher: animation that exists already, in a folder beside its audio.

Audio and curves of one recording have the same name but for the suffix. The teacher knows a recording, or a stretch of
one, by its sound: it answers for exactly the samples that its folder holds, so it can label a corpus made from the
folder, where long recordings are divided, as well as be read recording by recording. `curves.toml` in the folder, if
there is one, says what the files do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from .. import strict_toml
from ..cli.common import note
from ..companding import to_int16
from ..curves import FRAME_RATE, Curves
from ..errors import BadInput
from ..spec import Name
from ..speech import audio as sound
from . import curve_files
from .protocol import Phone
from .sounds import SoundIndex
from .timing import frame_count, on_grid

ARITHMETIC = 2
"""Raised when this file or `curve_files` changes what the same folder answers."""

SETTINGS = "curves.toml"
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff")

LONGEST_HOLD = 0.5
"""Seconds of audio that curves may leave uncovered at its end; the last frame is held that long."""

_Number = Annotated[float, Field(strict=False, allow_inf_nan=False)]


class CurvesSettings(BaseModel):
    """What `curves.toml` may say.

    Attributes
    ----------
    frame_rate
        Frames a second, where files do not say or say it wrongly.
    offset
        Seconds from the first sample of the audio to the first frame; negative when animation starts earlier.
    scale
        What the values are multiplied by.
    controls
        The ones wanted, in this order; all of them when left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    frame_rate: Annotated[_Number, Field(gt=0, le=1000)] | None = None
    offset: _Number = 0.0
    scale: _Number = 1.0
    controls: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)] | None = None


@dataclass(frozen=True)
class Recording:
    """Audio and its animation, by the files they are in; `name` is their path in the folder without the suffix."""

    name: str
    audio: Path
    curves: Path


class CurvesTeacher:
    """Answers with the curves that lie beside the audio; make one with `CurvesTeacher.open`.

    Attributes
    ----------
    controls
        Of the first recording, unless `curves.toml` names them; a recording that lacks one is refused when it is
        asked for. Values are the files' own, of any sign and range.
    recordings
        In order of name.
    """

    def __init__(self, folder: Path, settings: CurvesSettings, recordings: tuple[Recording, ...]) -> None:
        self.folder = folder
        self.settings = settings
        self.recordings = recordings
        first = curve_files.read(recordings[0].curves, settings.frame_rate)
        self.controls: tuple[str, ...] = settings.controls or first.controls
        self._sounds: dict[int, SoundIndex[Recording]] = {}

    @classmethod
    def open(cls, folder: str | Path) -> CurvesTeacher:
        """Look through `folder` and the folders in it.

        Raises
        ------
        BadInput
            It is no folder, holds no pair of audio and curves, or its `curves.toml` is wrong.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise BadInput(folder, "is not a folder", "give one that holds audio with curves of the same name")
        return cls(folder, _settings(folder / SETTINGS), _recordings(folder))

    def fingerprint(self) -> str:
        """See `Teacher.fingerprint`: over the sounds, the curves, and what `curves.toml` says."""
        digest = hashlib.sha256(f"curves {ARITHMETIC} {self.settings.model_dump_json()}".encode())
        pairs = [(_file_hash(recording.audio), _file_hash(recording.curves)) for recording in self.recordings]
        digest.update(repr(sorted(pairs)).encode())
        return digest.hexdigest()

    def animate(self, audio: NDArray[np.float32], sample_rate: int, phones: Sequence[Phone] | None = None) -> Curves:
        """See `Teacher.animate`; the recording is found by its samples, rounded to 16 bits.

        Raises
        ------
        BadInput
            The folder holds no such recording, or `curves_of` refuses it.
        """
        found = self._index(sample_rate).find(to_int16(audio))
        if found is None:
            problem = f"holds no recording that sounds like this one ({len(audio) / sample_rate:.2f} s)"
            raise BadInput(self.folder, problem, "label the audio of the folder itself, unchanged")
        recording, start = found
        return self.curves_of(recording, frame_count(len(audio), sample_rate), start / sample_rate)

    def curves_of(self, recording: Recording, frames: int, start: float = 0.0) -> Curves:
        """`frames` frames of a recording's curves at 62.5 a second, the first `start` seconds into its audio.

        Raises
        ------
        BadInput
            The curves cannot be read, lack a control, or end more than half a second before the audio.
        """
        track = curve_files.read(recording.curves, self.settings.frame_rate)
        if absent := [name for name in self.controls if name not in track.controls]:
            raise BadInput(recording.curves, f"lacks {', '.join(absent)}", f"name in {SETTINGS} what all files have")
        times = track.times + self.settings.offset - start
        missing = (frames - 1) / FRAME_RATE - times[-1]
        if missing > LONGEST_HOLD:
            problem = f"ends {missing:.2f} s before its audio {recording.audio.name}"
            raise BadInput(recording.curves, problem, f"correct frame_rate or offset in {SETTINGS}")
        columns = [track.controls.index(name) for name in self.controls]
        values = on_grid(track.values[:, columns] * np.float32(self.settings.scale), times, frames)
        return Curves(values, self.controls)

    def _index(self, sample_rate: int) -> SoundIndex[Recording]:
        """All recordings at a sample rate; the first question at each reads every one of them.

        One that cannot be read is named on stderr, and no sound is known as its.
        """
        if sample_rate not in self._sounds:
            index = SoundIndex[Recording](lambda recording: to_int16(sound.read(recording.audio, sample_rate)))
            for recording in self.recordings:
                try:
                    index.add(recording)
                except BadInput as error:
                    note(f"left out {error}")
            self._sounds[sample_rate] = index
        return self._sounds[sample_rate]


def _settings(path: Path) -> CurvesSettings:
    return strict_toml.read(path, CurvesSettings) if path.exists() else CurvesSettings()


def _recordings(folder: Path) -> tuple[Recording, ...]:
    """Every audio file with exactly one curves file of its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    audio, curves = (_by_name(files, folder, known) for known in (AUDIO_SUFFIXES, tuple(curve_files.READERS)))
    found = tuple(Recording(name, audio[name], curves[name]) for name in audio if name in curves)
    if not found:
        problem = f"holds {len(audio)} sound files and {len(curves)} files of curves, and no two of one name"
        raise BadInput(folder, problem, "call them take1.wav and take1.csv")
    return found


def _by_name(files: list[Path], folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in files:
        if path.suffix.lower() in suffixes:
            name = path.relative_to(folder).with_suffix("").as_posix()
            if name in named:
                raise BadInput(path, f"has the name of {named[name].name}", "move one of the two away")
            named[name] = path
    return named


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
