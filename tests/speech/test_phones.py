"""Every alphabet lands in the one inventory, and what it does not know is counted, not hidden."""

# ruff: noqa: RUF001 (letters of the phonetic alphabet are meant)

from __future__ import annotations

import pytest
from facelite.speech import alphabets, emodb
from facelite.speech.phones import INVENTORY, Alphabet, TimedPhone
from facelite.teachers.protocol import Phone

IPA = {
    "aɪ": ("AY",), "ˈaɪ": ("AY",), "tʃ": ("CH",), "dʒ": ("JH",), "ɝ": ("ER",), "yː": ("UX",), "øː": ("OE",),
    "ɑ̃": ("AA",), "œ̃": ("OE",), "ɔ̃": ("AO",), "β": ("BH",), "x": ("X",), "ç": ("X",), "pf": ("P", "F"),
    "ts": ("T", "S"), "mʲ": ("M",), "n̩": ("N",), "əl": ("AH", "L"), "œy": ("OE", "UX"), "ʔ": (), "": ("SIL",),
    "(en)": (), "ɐ̃ʊ̃": ("AH", "UH"), "ɨ": ("IX",), "ɡ": ("G",),
}  # fmt: skip


@pytest.mark.parametrize(("symbol", "phones"), IPA.items())
def test_ipa_symbols_of_espeak(symbol: str, phones: tuple[str, ...]) -> None:
    alphabet = alphabets.ipa("de")
    assert alphabet.phones(symbol) == phones
    assert not alphabet.unknown


def test_a_language_may_read_a_letter_its_own_way() -> None:
    assert alphabets.ipa("ru").phones("y") == ("IX",)
    assert alphabets.ipa("fr").phones("y") == ("UX",)


def test_unknown_symbols_are_counted_and_become_neutral() -> None:
    alphabet = alphabets.flite()
    phones = alphabet.translate([Phone(0.0, 0.1, "ae"), Phone(0.1, 0.2, "zzz"), Phone(0.2, 0.3, "zzz")])
    assert [phone.symbol for phone in phones] == ["AE", "D", "D"]
    assert alphabet.unknown == {"zzz": 2}
    ipa = alphabets.ipa("en")
    assert [ipa.phones("a§") for _ in range(3)] == [("AA", "D")] * 3
    assert ipa.unknown == {"§": 3}


def test_two_phones_share_the_symbols_time_and_silences_join() -> None:
    labels = [Phone(0.0, 0.1, "pau"), Phone(0.1, 0.2, "pau"), Phone(0.2, 0.4, "c"), Phone(0.4, 0.4, "a")]
    assert alphabets.festvox_ru().translate(labels) == [
        TimedPhone(0.0, 0.2, "SIL"),
        TimedPhone(0.2, 0.30000000000000004, "T"),
        TimedPhone(0.30000000000000004, 0.4, "S"),
    ]


def test_a_table_may_not_leave_the_inventory() -> None:
    with pytest.raises(ValueError, match="QQ"):
        Alphabet("made up", {"q": ("QQ",)}, lambda symbol: ("D",))
    assert len(INVENTORY) == len(set(INVENTORY))


def joined(*segments: tuple[float, float, str]) -> list[tuple[float, float, str, float | None]]:
    phones = emodb.join_closures(Phone(*segment) for segment in segments)
    return [(phone.start, phone.end, phone.symbol, phone.release) for phone in phones]


def test_closure_burst_and_aspiration_are_one_stop_released_at_the_burst() -> None:
    assert joined((0.1, 0.2, "_p"), (0.2, 0.22, "!p"), (0.22, 0.26, "pasp"), (0.26, 0.4, "a")) == [
        (0.1, 0.26, "p", 0.2),
        (0.26, 0.4, "a", None),
    ]


def test_a_remark_prolongs_the_segment_before_it() -> None:
    assert joined((0.1, 0.12, "p"), (0.12, 0.2, "-sth"), (0.2, 0.22, "!p")) == [(0.1, 0.22, "p", 0.2)]
    assert joined((0.1, 0.2, "a"), (0.2, 0.3, "-lar")) == [(0.1, 0.3, "a", None)]


def test_a_closure_without_burst_ends_with_itself_and_a_burst_alone_has_no_closure() -> None:
    assert joined((0.1, 0.2, "p"), (0.2, 0.3, "m")) == [(0.1, 0.2, "p", 0.2), (0.2, 0.3, "m", None)]
    assert joined((0.1, 0.2, "a"), (0.2, 0.22, "!b"), (0.22, 0.3, "basp")) == [
        (0.1, 0.2, "a", None),
        (0.2, 0.3, "b", None),
    ]
