"""Freedoom's sounds for a corpus: what is in the archives, read by nothing but their format, and played as noise."""

from __future__ import annotations

import struct

import mido
import numpy as np
import pytest
from facelite.errors import BadInput
from facelite.labels.card import NOISE
from facelite.speech.audio import SAMPLE_RATE
from facelite.speech.sources import freedoom_effects, freedoom_music, wad
from facelite.speech.sources.catalogue import open_source

NEEDED = pytest.mark.program("freedoom", "fluidsynth", "fluid-soundfont-gm")


def _archive(path, lumps: list[tuple[bytes, bytes]]):
    body, directory = b"", b""
    for name, data in lumps:
        directory += struct.pack("<ii8s", 12 + len(body), len(data), name)
        body += data
    path.write_bytes(struct.pack("<4sii", b"PWAD", len(lumps), 12 + len(body)) + body + directory)
    return path


def test_lumps_of_an_archive_come_back(tmp_path):
    path = _archive(tmp_path / "a.wad", [(b"D_ONE", b"first"), (b"LONGNAME", b""), (b"D_ONE", b"again")])
    assert wad.lumps(path) == {"D_ONE": b"again", "LONGNAME": b""}


@pytest.mark.parametrize("cut", [0, 11, 20, -1])
def test_an_archive_cut_short_is_refused(tmp_path, cut):
    path = _archive(tmp_path / "a.wad", [(b"D_ONE", b"first"), (b"D_TWO", b"second")])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(BadInput, match=r"a\.wad: is no whole WAD"):
        wad.lumps(path)


def test_an_effect_keeps_its_pitch_and_a_persons_voice_is_left_out():
    """A tone of 1 kHz at 11,025 Hz, 8 bits."""
    tone = np.rint(128 + 100 * np.sin(2 * np.pi * 1000 * np.arange(11025) / 11025)).astype(np.uint8).tobytes()
    lump = struct.pack("<HHI16x", 3, 11025, len(tone)) + tone
    found = freedoom_effects.effects({"a": {"DSBFG": lump, "DSOOF": lump[:-1], "DSCLAW": b"\0\0", "E1M1": lump}})
    ((name, sound),) = found
    assert name == "bfg"
    assert len(sound) == pytest.approx(SAMPLE_RATE, abs=2)
    spectrum = np.abs(np.fft.rfft(sound[2000:14000] * np.hanning(12000)))
    assert np.argmax(spectrum) * SAMPLE_RATE / 12000 == pytest.approx(1000, abs=2)


def test_a_stretch_plays_the_notes_from_there_on_with_the_instruments_set_before(monkeypatch):
    """A note each half second; the stretch is in the written key, at the written tempo, from 2.2 s on."""
    for name, value in (("TRANSPOSED", 0), ("TEMPO", (1.0, 1.0)), ("OTHER_INSTRUMENT", 0.0)):
        monkeypatch.setattr(freedoom_music, name, value)
    piece = mido.MidiFile(ticks_per_beat=500)
    track = mido.MidiTrack([mido.Message("program_change", program=40), mido.Message("control_change", control=111)])
    for note in range(60, 80):
        track += [mido.Message("note_on", note=note), mido.Message("note_off", note=note, time=500)]
    piece.tracks.append(track)

    class Chance(np.random.Generator):
        def uniform(self, low, high):
            return low if low == high else 2.2

    score = freedoom_music.stretch(piece, 3.0, Chance(np.random.PCG64(1)))
    at, played = 0.0, []
    for message in score:
        at += message.time
        if message.type == "note_on":
            played.append((round(at, 3), message.note))
    assert played == [(0.3, 65), (0.8, 66), (1.3, 67), (1.8, 68), (2.3, 69), (2.8, 70)]
    changes = [message for message in score if message.type in ("program_change", "control_change")]
    assert changes[0].program == 40
    assert all(message.control != 111 for message in changes[1:])


@NEEDED
def test_recordings_are_noise_and_a_number_is_always_the_same():
    source, other = open_source("freedoom", seed=1), open_source("freedoom", seed=1)
    kinds = set()
    for index in range(6):
        clip, again = source.recording(index), other.recording(index)
        np.testing.assert_array_equal(clip.audio, again.audio)
        assert (clip.source, clip.language, list(clip.phones)) == (NOISE, "", [])
        assert 8 <= len(clip.audio) / SAMPLE_RATE <= 20
        assert np.sqrt(np.mean(clip.audio**2)) > 1e-3
        kinds.add(clip.text)
    assert kinds == {"music", "effects"}


@NEEDED
def test_no_piece_or_effect_is_both_trained_on_and_validated_with():
    source = open_source("freedoom", seed=2)
    splits: dict[str, set[str]] = {}
    for index in range(40):
        clip = source.recording(index)
        splits.setdefault(clip.speaker, set()).add(clip.split)
    assert all(len(found) == 1 for found in splits.values())
    assert len(splits) > 10
