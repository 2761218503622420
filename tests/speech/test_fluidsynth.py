"""Music for a corpus: the notes that were written are the notes that sound, and a number is always the same piece."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.labels.card import NOISE
from facelite.speech.audio import SAMPLE_RATE
from facelite.speech.sources import band
from facelite.speech.sources.catalogue import open_source

pytestmark = [pytest.mark.program("fluidsynth"), pytest.mark.program("fluid-soundfont-gm")]

ORGAN, A4_HZ = 16, 440.0


@pytest.fixture(scope="module")
def source():
    return open_source("fluidsynth", seed=1)


def test_a_note_has_its_pitch_start_and_end(source):
    """One A above middle C on an organ, from 1 s to 2 s, by the spectrum and the level."""
    piece = band.Piece(60.0, (band.Part(ORGAN, (band.Note(1.0, 1.0, 69, 100),)),))
    sound = source._play(piece, 3.0)
    sounding = sound[int(1.2 * SAMPLE_RATE) : int(1.8 * SAMPLE_RATE)]
    spectrum = np.abs(np.fft.rfft(sounding * np.hanning(len(sounding))))
    harmonics = np.fft.rfftfreq(len(sounding), 1 / SAMPLE_RATE)[spectrum > 0.2 * spectrum.max()] / A4_HZ
    assert np.abs(harmonics * 4 - np.round(harmonics * 4)).max() < 0.04  # an organ's stops sound octaves below, too
    assert np.abs(sound[: int(0.95 * SAMPLE_RATE)]).max() < 0.01 * np.abs(sounding).max()
    assert np.abs(sound[int(2.8 * SAMPLE_RATE) :]).max() < 0.3 * np.abs(sounding).max()


def test_a_number_is_always_the_same_piece(source):
    first, again, other = source.recording(3), open_source("fluidsynth", seed=1).recording(3), source.recording(4)
    np.testing.assert_array_equal(first.audio, again.audio)
    assert len(other.audio) != len(first.audio)


def test_it_is_noise_to_a_corpus(source):
    for index in range(4):
        clip = source.recording(index)
        assert (clip.source, clip.language, clip.text, list(clip.phones)) == (NOISE, "", "music", [])
        assert 6 <= len(clip.audio) / SAMPLE_RATE <= 18
        assert np.sqrt(np.mean(clip.audio**2)) > 1e-3


def test_bands_differ():
    pieces = [band.compose(np.random.default_rng(seed), 10.0) for seed in range(40)]
    programs = {part.program for piece in pieces for part in piece.parts}
    assert None in programs
    assert len(programs) > 40
    assert all(piece.parts for piece in pieces)
    for piece in pieces:
        end = max(note.start + note.length for part in piece.parts for note in part.notes)
        assert end * 60 / piece.beats_a_minute >= 8
        assert all(0 <= note.pitch <= 127 for part in piece.parts for note in part.notes)
