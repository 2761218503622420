"""The oracle must shut the lips when p, b and m are heard, touch lip to teeth on f and v, and rest in silence."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.controls import ARKIT_52, closure
from facelite.curves import FRAME_RATE
from facelite.errors import BadInput
from facelite.speech.phones import INVENTORY
from facelite.teachers.articulation import BILABIALS, DIPHTHONGS, LABIODENTALS, TARGETS
from facelite.teachers.oracle import OracleTeacher
from facelite.teachers.protocol import Phone, Teacher

RATE = 16000
VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW", "UX", "OE", "IX")


def _sequence(*symbols: str, each: float = 0.12) -> list[Phone]:
    return [Phone(i * each, (i + 1) * each, symbol) for i, symbol in enumerate(symbols)]


def _noise(seconds: float) -> np.ndarray:
    return (np.random.default_rng(0).standard_normal(round(seconds * RATE)) * 0.05).astype(np.float32)


def _animate(*symbols: str, each: float = 0.12):
    phones = _sequence(*symbols, each=each)
    return OracleTeacher().animate(_noise(phones[-1].end), RATE, phones), phones


def _column(curves, name: str) -> np.ndarray:
    return curves.values[:, ARKIT_52.index(name)]


def _frames(phone: Phone) -> slice:
    return slice(int(np.ceil(phone.start * FRAME_RATE)), int(np.floor(phone.end * FRAME_RATE)))


@pytest.mark.parametrize("rate", [44100, 22050, 48000])
def test_at_any_rate_it_answers_as_at_sixteen_kilohertz(rate):
    """Over two minutes that grow louder: levels that drift, or begin again, would open the jaw otherwise."""
    phones = _sequence(*("SIL", "AA", "B", "IY") * 200, each=0.15)

    def jaw(rate: int) -> np.ndarray:
        time = np.arange(120 * rate) / rate
        tone = np.sin(2 * np.pi * 150 * time) * 10 ** (time / 60 - 2.5)
        return _column(OracleTeacher().animate(tone.astype(np.float32), rate, phones), "jawOpen")

    np.testing.assert_allclose(jaw(rate), jaw(RATE), atol=2e-3)


def test_fulfils_the_teacher_protocol():
    assert isinstance(OracleTeacher(), Teacher)


def test_every_sound_of_the_inventory_has_a_target():
    assert set(INVENTORY) == set(TARGETS) - {"OH"} | set(DIPHTHONGS)


@pytest.mark.parametrize("vowel", VOWELS)
@pytest.mark.parametrize("bilabial", sorted(BILABIALS))
def test_bilabials_are_sealed_from_their_acoustic_onset(vowel, bilabial):
    curves, phones = _animate("SIL", vowel, bilabial, vowel, "SIL")
    onset = int(np.ceil(phones[2].start * FRAME_RATE))
    closed = curves.values[onset : onset + 3]
    names = curves.controls
    assert np.allclose(closed[:, names.index("mouthClose")], closed[:, names.index("jawOpen")], atol=1e-6)
    assert (closed[:, names.index("mouthPressLeft")] > 0.2).all()
    assert closed[:, names.index("mouthLowerDownLeft")].max() < 1e-6
    shut = closure(curves.values, names)
    assert shut[onset : onset + 3].min() > 0.1
    middle = _frames(phones[1])
    assert shut[middle].min() < shut[onset] - 0.1


@pytest.mark.parametrize("labiodental", sorted(LABIODENTALS))
def test_labiodentals_bring_the_lower_lip_under_the_teeth(labiodental):
    curves, phones = _animate("SIL", "AA", labiodental, "AA", "SIL")
    held = _frames(phones[2])
    assert _column(curves, "mouthRollLower")[held].min() > 0.3
    assert _column(curves, "jawOpen")[held].max() < 0.15
    assert _column(curves, "mouthClose")[held].max() < 0.05


def test_open_vowels_open_the_jaw_and_rounded_vowels_round_the_lips():
    opened, phones = _animate("SIL", "D", "AA", "D", "SIL", each=0.15)
    rounded, _ = _animate("SIL", "D", "UW", "D", "SIL", each=0.15)
    middle = _frames(phones[2])
    assert _column(opened, "jawOpen")[middle].max() > 0.45
    assert _column(rounded, "jawOpen")[middle].max() < 0.25
    assert _column(rounded, "mouthPucker")[middle].max() > 0.45
    assert _column(opened, "mouthPucker")[middle].max() < 0.1


def test_rounding_starts_before_its_vowel():
    curves, phones = _animate("SIL", "S", "T", "UW", "SIL")
    plain, _ = _animate("SIL", "S", "T", "IY", "SIL")
    early = _frames(phones[2])
    assert _column(curves, "mouthPucker")[early].mean() > _column(plain, "mouthPucker")[early].mean() + 0.1


def test_silence_rests():
    curves, _ = _animate("SIL", "SIL", "SIL", "SIL", "SIL")
    assert np.abs(curves.values).max() < 1e-3


def test_louder_speech_opens_further():
    phones = _sequence("SIL", "AA", "D", "AA", "SIL", each=0.2)
    audio = _noise(1.0)
    audio[round(0.6 * RATE) :] *= 0.1
    jaw = _column(OracleTeacher().animate(audio, RATE, phones), "jawOpen")
    assert jaw[_frames(phones[1])].max() > 1.1 * jaw[_frames(phones[3])].max()


@pytest.mark.parametrize("samples", [1, 255, 256, 257, 16000])
def test_one_frame_a_hop(samples):
    curves = OracleTeacher().animate(np.zeros(samples, np.float32), RATE, [Phone(0, samples / RATE, "AA")])
    assert len(curves.values) == -(-samples // 256)
    assert curves.values.min() >= 0
    assert curves.values.max() <= 1


@pytest.mark.parametrize(
    ("phones", "named"),
    [
        (None, "no phones"),
        ([Phone(0.2, 0.3, "AA"), Phone(0.1, 0.15, "B")], "out of order"),
        ([Phone(0.0, 0.3, "QQ")], "QQ"),
    ],
)
def test_unusable_phones_are_named(phones, named):
    with pytest.raises(BadInput, match=named):
        OracleTeacher().animate(_noise(0.5), RATE, phones)
