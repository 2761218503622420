"""The music in Doom's archives: pieces in MIDI, and stretches of them played otherwise than they were written."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .sound_font import DRUM_CHANNEL

if TYPE_CHECKING:
    import mido

PREFIX, MIDI = "D_", b"MThd"
"""How a lump of music is called, and how one in MIDI starts."""

TRANSPOSED = 5
"""Semitones up or down at most."""

TEMPO = (0.8, 1.25)
OTHER_INSTRUMENT = 0.3
"""Probability that a part is played on an instrument drawn at random."""

INSTRUMENTS = 112
"""General MIDI's that play notes; the rest are effects."""

KEPT = ("note_on", "note_off", "program_change", "pitchwheel")
CONTROLS = (1, 7, 10, 11, 64, 91, 93)
"""Modulation, volume, pan, expression, sustain, reverb, chorus."""

SILENCED = 120
"""The control change "all sound off": FluidSynth plays on for as long as a note is held."""

TICKS_A_BEAT = 500
"""At MIDI's default of 120 beats a minute a tick is a millisecond."""


def pieces(archives: Mapping[str, Mapping[str, bytes]]) -> list[tuple[str, mido.MidiFile]]:
    """Titles and scores; a piece that stands twice in the archives is one."""
    import mido

    found: dict[bytes, tuple[str, mido.MidiFile]] = {}
    for archive, lumps in archives.items():
        for name, data in lumps.items():
            if name.startswith(PREFIX) and data.startswith(MIDI) and data not in found:
                title = f"{archive}_{name.removeprefix(PREFIX).lower()}"
                found[data] = title, mido.MidiFile(file=io.BytesIO(data), clip=True)
    return sorted(found.values(), key=lambda piece: piece[0])


def stretch(piece: mido.MidiFile, seconds: float, rng: np.random.Generator) -> mido.MidiFile:
    """Some `seconds` of a piece in another key, at another tempo, some parts on other instruments."""
    import mido

    events, length = _events(piece)
    tempo = float(rng.uniform(*TEMPO))
    begin = float(rng.uniform(0, max(length - seconds * tempo, 0)))
    shift = int(rng.integers(-TRANSPOSED, TRANSPOSED + 1))
    others = {channel: int(rng.integers(INSTRUMENTS)) for channel in range(16) if rng.random() < OTHER_INSTRUMENT}
    score, track, last = mido.MidiFile(ticks_per_beat=TICKS_A_BEAT), mido.MidiTrack(), 0
    score.tracks.append(track)
    for at, message in events:
        tick = max(0, round(1000 * (at - begin) / tempo))
        if tick > 1000 * seconds:
            break
        if at >= begin or not message.type.startswith("note"):
            track.append(_played(message, shift, others).copy(time=tick - last))
            last = tick
    track.extend(mido.Message("control_change", channel=channel, control=SILENCED) for channel in range(16))
    return score


def _events(piece: mido.MidiFile) -> tuple[list[tuple[float, mido.Message]], float]:
    """What is played when, in seconds, and how long the piece is."""
    events, at = [], 0.0
    for message in piece:
        at += message.time
        if message.type in KEPT or (message.type == "control_change" and message.control in CONTROLS):
            events.append((at, message))
    return events, at


def _played(message: mido.Message, shift: int, others: Mapping[int, int]) -> mido.Message:
    if message.channel == DRUM_CHANNEL:
        return message
    if message.type == "program_change":
        return message.copy(program=others.get(message.channel, message.program))
    if message.type in ("note_on", "note_off"):
        return message.copy(note=min(127, max(0, message.note + shift)))
    return message
