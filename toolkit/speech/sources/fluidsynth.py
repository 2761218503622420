"""Made-up music, played by FluidSynth: what a face must stay still for."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...labels.card import NOISE
from ..recording import Recording
from ..splits import split_of
from . import band
from .sound_font import DRUM_CHANNEL, SoundFont

if TYPE_CHECKING:
    import mido

LICENCE = "MIT (Fluid R3 sound font; music made from a seed)"

SECONDS = (6.0, 18.0)
TICKS_A_BEAT = 480


class Fluidsynth:
    """An endless source of made-up pieces, each by another band; no phones, no language: it is noise to a corpus.

    Parameters
    ----------
    seed
        Chooses music and instruments; recording `i` depends on it and on `i` alone.

    Raises
    ------
    MissingDependency
        fluidsynth or the sound font is not installed.
    """

    name = "fluidsynth"
    count = None

    def __init__(self, seed: int) -> None:
        self._font, self._seed = SoundFont(), seed
        self.settings: Mapping[str, Any] = {"seed": seed, **self._font.settings, "version": 1}

    def recording(self, index: int) -> Recording:
        """Piece number `index`; about a tenth of them are for validation."""
        rng = np.random.default_rng([self._seed, zlib.crc32(self.name.encode()), index])
        seconds = float(rng.uniform(*SECONDS))
        name = f"{self.name}_{index:06d}"
        return Recording(
            name=name,
            audio=self._play(band.compose(rng, seconds), seconds),
            phones=(),
            speaker=name,
            language="",
            source=NOISE,
            licence=LICENCE,
            split=split_of(self.name, name),
            text="music",
        )

    def _play(self, piece: band.Piece, seconds: float) -> np.ndarray:
        return self._font.play(_score(piece), seconds)


def _score(piece: band.Piece) -> mido.MidiFile:
    """The piece in MIDI: a track a part."""
    import mido

    score = mido.MidiFile(ticks_per_beat=TICKS_A_BEAT)
    score.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(piece.beats_a_minute))]))
    channels = iter(channel for channel in range(16) if channel != DRUM_CHANNEL)
    for part in piece.parts:
        channel = DRUM_CHANNEL if part.program is None else next(channels)
        track = mido.MidiTrack()
        if part.program is not None:
            track.append(mido.Message("program_change", channel=channel, program=part.program))
        at = 0
        for tick, kind, pitch, velocity in _events(part):
            track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - at))
            at = tick
        score.tracks.append(track)
    return score


def _events(part: band.Part) -> list[tuple[int, str, int, int]]:
    """Ticks from the start, what happens, pitch, velocity; a note that ends is let go before the next begins."""
    events = []
    for note in part.notes:
        start, end = (round(beats * TICKS_A_BEAT) for beats in (note.start, note.start + note.length))
        events += [(end, "note_off", note.pitch, 0), (start, "note_on", note.pitch, max(1, min(127, note.velocity)))]
    return sorted(events)
