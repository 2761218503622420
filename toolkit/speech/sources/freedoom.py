"""Freedoom's music and effects: what a face must stay still for while a game plays."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ... import doctor
from ...labels.card import NOISE
from .. import audio
from ..recording import Recording
from ..splits import VALID_SHARE, split_of
from . import wad
from .freedoom_effects import effects
from .freedoom_music import pieces, stretch
from .sound_font import FONT_LICENCE, SoundFont

LICENCE = f"BSD-like (Freedoom); {FONT_LICENCE}"

ARCHIVES = ("freedoom1.wad", "freedoom2.wad")
SECONDS = (8.0, 20.0)
EFFECTS_SHARE = 0.25
"""Of the recordings; the rest is music."""

BETWEEN_EFFECTS = 0.6
"""Seconds from the start of one effect to the start of the next, on average; they overlap."""

LEVELS = (0.1, 0.8)


class Freedoom:
    """An endless source: stretches of people's music, played by FluidSynth, and scenes of monsters, doors and weapons.

    Parameters
    ----------
    seed
        Chooses what is played and how; recording `i` depends on it and on `i` alone.

    Raises
    ------
    MissingDependency
        freedoom, fluidsynth or the sound font is not installed.
    """

    name = "freedoom"
    count = None

    def __init__(self, seed: int) -> None:
        game = doctor.require("freedoom", "making a game's sounds")
        self._font, self._seed = SoundFont(), seed
        archives = {Path(name).stem: wad.lumps(Path(game.path) / name) for name in ARCHIVES}
        self._pieces, self._effects = pieces(archives), effects(archives)
        self.settings: Mapping[str, Any] = {
            "seed": seed,
            "freedoom": game.version,
            **self._font.settings,
            "version": 1,
        }

    def recording(self, index: int) -> Recording:
        """Recording number `index`; all of about a tenth of the pieces and effects is for validation."""
        rng = np.random.default_rng([self._seed, zlib.crc32(self.name.encode()), index])
        seconds = float(rng.uniform(*SECONDS))
        kind = "effects" if rng.random() < EFFECTS_SHARE else "music"
        speaker, split, sound = (self._scene if kind == "effects" else self._excerpt)(seconds, rng)
        return Recording(
            name=f"{self.name}_{index:06d}",
            audio=sound,
            phones=(),
            speaker=speaker,
            language="",
            source=NOISE,
            licence=LICENCE,
            split=split,
            text=kind,
        )

    def _excerpt(self, seconds: float, rng: np.random.Generator) -> tuple[str, str, np.ndarray]:
        title, piece = self._pieces[int(rng.integers(len(self._pieces)))]
        return title, split_of(self.name, title), self._font.play(stretch(piece, seconds, rng), seconds)

    def _scene(self, seconds: float, rng: np.random.Generator) -> tuple[str, str, np.ndarray]:
        split = "valid" if rng.random() < VALID_SHARE else "train"
        sounds = [sound for name, sound in self._effects if split_of(self.name, name) == split]
        scene = np.zeros(int(seconds * audio.SAMPLE_RATE), np.float32)
        at = 0
        while at < len(scene):
            sound = sounds[int(rng.integers(len(sounds)))][: len(scene) - at]
            scene[at : at + len(sound)] += np.float32(rng.uniform(*LEVELS)) * sound
            at += int(rng.exponential(BETWEEN_EFFECTS) * audio.SAMPLE_RATE)
        return f"{self.name}_effects_{split}", split, np.clip(scene, -1, 1)
