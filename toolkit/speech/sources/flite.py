"""English speech by flite 2 with the phone timings that the synthesiser itself used (`-psdur`)."""

from __future__ import annotations

import subprocess
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ... import doctor
from ...errors import FaceliteError
from ...teachers.protocol import Phone
from .. import alphabets, audio, texts
from ..recording import Recording

VOICES = ("slt", "rms", "awb", "kal16")
"""Compiled into Debian's flite: a woman, two men, and a diphone man; kal and awb_time are 8 kHz or limited-domain."""

LICENCE = "BSD-like (CMU Flite)"


class Flite:
    """An endless source of sentences in flite's voices at varied rates and pitches.

    Parameters
    ----------
    seed
        Chooses sentences, voices, rates and pitches; recording `i` depends on it and on `i` alone.

    Raises
    ------
    MissingDependency
        flite is not installed.
    """

    name = "flite"
    count = None

    def __init__(self, seed: int) -> None:
        program = doctor.require("flite", "synthesis with flite")
        self._program = program.path
        self._alphabet = alphabets.flite()
        self._seed = seed
        self.settings: Mapping[str, Any] = {
            "seed": seed,
            "texts": texts.digest(),
            "flite": program.version,
            "version": 1,
        }

    def recording(self, index: int) -> Recording:
        """Sentence number `index`, in voice `index` mod 4."""
        rng = np.random.default_rng([self._seed, zlib.crc32(self.name.encode()), index])
        voice = VOICES[index % len(VOICES)]
        text = texts.sentence("en", rng)
        samples, labels = self._speak(text, voice, stretch=rng.uniform(0.8, 1.35), pitch=rng.uniform(0.85, 1.2))
        phones = self._alphabet.translate(_to_end(labels, len(samples) / audio.SAMPLE_RATE))
        unknown = dict(self._alphabet.unknown)
        self._alphabet.unknown.clear()
        return Recording(
            name=f"{index:06d}",
            audio=samples,
            phones=phones,
            speaker=f"flite_{voice}",
            language="en",
            source=self.name,
            licence=LICENCE,
            split="train",  # four voices are too few to hold one back
            text=text,
            unknown=unknown,
        )

    def _speak(self, text: str, voice: str, stretch: float, pitch: float) -> tuple[np.ndarray, list[Phone]]:
        with tempfile.TemporaryDirectory(prefix="facelite-") as folder:
            path = Path(folder) / "speech.wav"
            command = [self._program, "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}"]
            command += ["--setf", f"f0_shift={pitch:.3f}", "-psdur", "-t", text, "-o", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0 or not path.exists():
                raise FaceliteError(f"flite failed on {text!r}: {done.stderr.strip() or 'no audio written'}")
            return audio.read(path), _segments(done.stdout)


def _segments(printed: str) -> list[Phone]:
    """Phones from "pau:0.216 p:0.294 …", each with its end in seconds."""
    labels: list[Phone] = []
    start = 0.0
    for word in printed.split():
        symbol, _, end = word.rpartition(":")
        labels.append(Phone(start, float(end), symbol))
        start = float(end)
    return labels


def _to_end(labels: list[Phone], seconds: float) -> list[Phone]:
    """Labels cut or stretched to the audio's length: the diphone voice renders half of the final pause only."""
    cut = [Phone(label.start, min(label.end, seconds), label.symbol) for label in labels if label.start < seconds]
    if cut:
        cut[-1] = Phone(cut[-1].start, seconds, cut[-1].symbol)
    return cut
