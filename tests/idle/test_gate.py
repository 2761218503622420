"""The gate lets speech pass to the bit and keeps the mouth shut on what is not speech."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import data, idle
from facelite.evaluation.resting import stimuli
from facelite.idle.gate import ATTACK, HOLD, RELEASE, Gate
from facelite.speech import audio
from facelite.student import load


@pytest.fixture(scope="module")
def student(shipped_bundle):
    return load(shipped_bundle)


def test_it_opens_at_once_holds_and_closes_slowly():
    gate = Gate(np.zeros(3, np.float32))
    heard = [0.0] * 5 + [0.9] * 4 + [0.4] * 3 + [0.0] * 30
    openness = np.array([gate.step(one) for one in heard])
    assert (openness[:5] == 0).all()
    assert openness[5 + ATTACK - 1] == 1
    last = 5 + 4 + 3 - 1  # 0.4 would not open it, but holds it open
    assert (openness[5 + ATTACK - 1 : last + HOLD] == 1).all()
    assert openness[last + HOLD + RELEASE] == 0
    assert (np.diff(openness[last + HOLD :]) <= 0).all()


def test_speech_passes_to_the_bit(student):
    """All but the edges of each clip: where somebody speaks the gate changes nothing."""
    same = []
    for clip in data.clips():
        pcm = audio.read(clip.path)
        ungated, _ = idle.animate(student, pcm, gate=False)
        gated, _ = idle.animate(student, pcm)
        spoken = [phone for phone in clip.phones if phone.symbol != "SIL"]
        first, last = (int(second * student.frame_rate) for second in (spoken[0].start + 0.05, spoken[-1].end - 0.05))
        same.append((gated[first:last] == ungated[first:last]).all(axis=1))
    assert np.concatenate(same).mean() > 0.97


def test_the_mouth_stays_shut_on_sounds_made_here(student):
    jaw = student.controls.index("jawOpen")
    for name, pcm in stimuli().items():
        gated, _ = idle.animate(student, pcm)
        assert (gated[:, jaw] < 0.05).mean() >= 0.99, name


def test_it_decides_nothing_from_later_than_it_says(student):
    """Audio changed from a moment on changes no frame more than 80 ms before it: 64 to hear ahead, 16 to smooth."""
    pcm = audio.read(data.demo_clip().path)
    cut = 3 * 16000
    changed = np.concatenate([pcm[:cut], np.zeros(len(pcm) - cut, np.float32)])
    before = (cut - 1024) // 256 - 1
    one, other = (idle.animate(student, sound)[0] for sound in (pcm, changed))
    np.testing.assert_array_equal(one[:before], other[:before])
    assert (one[before:] != other[before:]).any()
