"""The figures that choose a recipe: quiet speech survives mu-law codes and not linear ones; int8 costs lips nothing."""

from __future__ import annotations

import pytest
from facelite.converters import judge, measure
from facelite.errors import BadInput
from facelite.speech import audio


def test_linear_8_bits_lose_quiet_speech(small_student, speech):
    student = measure.float_student(small_student)
    rows = measure.measure(student, [audio.read(speech)], ["int8_pair_safe"], lambda text: None)
    ours, linear = ({level: found["snr_db"] for level, found in row["levels"].items()} for row in rows)
    assert [row["recipe"] for row in rows] == ["int8_pair_safe", measure.LINEAR]
    assert min(ours.values()) > 5
    assert linear["-30"] < ours["-30"] - 6
    assert linear["-40"] < linear["0"]


def test_less_than_a_window_measures_nothing(small_student, speech):
    student = measure.float_student(small_student)
    with pytest.raises(BadInput, match="--audio: holds 100 samples"):
        measure.measure(student, [audio.read(speech)[:100]], ["int8_pair_safe"], lambda text: None)


@pytest.mark.slow
def test_int8_of_the_shipped_student_loses_no_more_than_it_may(shipped_student, request):
    student = measure.float_student(shipped_student)
    corpus = request.config.rootpath / "tests" / "data" / "emodb"
    found = judge.judge(student, corpus, "oracle", ["int8_pair_safe", "int16x8"])
    assert found["holds"]
    assert found["clips"] == 100
    assert [(row["recipe"], row["level_db"]) for row in found["rows"]] == [
        ("int8_pair_safe", 0.0),
        ("int8_pair_safe", -30.0),
    ]


@pytest.mark.parametrize(("level", "int8", "exact", "holds"), [
    (0.0, (0.600, 0.600), (0.605, 0.615), True),
    (0.0, (0.600, 0.600), (0.605, 0.625), False),
    (0.0, (0.600, 0.600), (0.611, 0.600), False),
    (-30.0, (0.570, 0.600), (0.595, 0.625), True),
    (-30.0, (0.550, 0.600), (0.585, 0.620), False),
])  # fmt: skip
def test_each_level_has_limits_of_its_own(level, int8, exact, holds):
    assert judge._row("int8", level, int8, exact)["holds"] is holds
