"""MIDI to sound: FluidSynth with the sampled instruments of the Fluid (R3) sound font."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ... import doctor
from ...errors import FaceliteError
from .. import audio

if TYPE_CHECKING:
    import mido

FONT_LICENCE = "MIT (Fluid R3 sound font)"

DRUM_CHANNEL = 9
"""General MIDI's tenth, counted from 0."""


class SoundFont:
    """Plays MIDI scores.

    Raises
    ------
    MissingDependency
        fluidsynth or the sound font is not installed.
    """

    def __init__(self) -> None:
        program = doctor.require("fluidsynth", "making music")
        font = doctor.require("fluid-soundfont-gm", "making music")
        self._program, self._font = program.path, font.path
        self.settings = {"fluidsynth": program.version, "fluid-soundfont-gm": font.version}
        """What its sound depends on."""

    def play(self, score: mido.MidiFile, seconds: float) -> np.ndarray:
        """The first `seconds` of a score, float32 [samples] at 16 kHz.

        Raises
        ------
        FaceliteError
            FluidSynth could not play it.
        """
        with tempfile.TemporaryDirectory(prefix="facelite-") as folder:
            notes, sound = Path(folder) / "piece.mid", Path(folder) / "piece.wav"
            score.save(notes)
            command = [self._program, "-ni", "-q", "-o", "synth.dynamic-sample-loading=1", "-g", "0.5"]
            command += ["-F", str(sound), self._font, str(notes)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0 or not sound.exists():
                raise FaceliteError(f"fluidsynth failed: {done.stderr.strip() or 'no audio written'}")
            return audio.read(sound)[: int(seconds * audio.SAMPLE_RATE)]
