"""Tables: rows, seeds, spreads, and text that equals its JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from facelite.errors import BadInput
from facelite.evaluation import markdown
from facelite.evaluation.conditions import Condition
from facelite.evaluation.figures import figures
from facelite.evaluation.run import measure
from facelite.evaluation.spec import Row, TableSpec, load
from facelite.evaluation.subjects import TEACHER, Subject, open_subjects
from facelite.evaluation.table import Opened, evaluate, fill, opened, seeds_of
from facelite.teachers.oracle import OracleTeacher
from sklearn.metrics import average_precision_score

ROOT = Path(__file__).parents[2]


def _noisy(amount: float) -> Subject:
    """The oracle with noise on its curves: as many seeds of a student as one likes."""
    controls = ("jawOpen", "mouthClose", "mouthPressLeft")

    def unsmoothed(pcm, phones):
        values = np.zeros((-(-len(pcm) // 256), len(controls)), np.float32)
        if any(phone.symbol != "SIL" for phone in phones):
            values = OracleTeacher().animate(pcm, 16000, phones).select(controls).values
        random = np.random.default_rng(int(1000 * amount) + len(pcm))
        return values + random.normal(0, amount, values.shape).astype(np.float32)

    return Subject(f"noisy-{amount}", TEACHER, controls, 256, False, 1024, 100, 400, unsmoothed)


@pytest.fixture(scope="module")
def table(spoken):
    spec = TableSpec(corpora=("x",), gain_db=(-30,), row=(Row(name="noisy", students=("a", "b", "c")),))
    seeds = [[_noisy(amount)] for amount in (0.05, 0.06, 0.08)]
    return fill(spec, [Opened(spec.row[0], seeds)], spoken, (), lambda *_: None)


def test_seeds_become_mean_and_standard_deviation(table, spoken):
    alone = [figures(measure(_noisy(amount), spoken), "emodb/test") for amount in (0.05, 0.06, 0.08)]
    for key in ("average_precision", "correlation", "onset_ms", "jitter_smoothed"):
        found = table["rows"][0]["figures"][TEACHER][key]
        values = [figure[key] for figure in alone]
        assert found["mean"] == pytest.approx(np.mean(values), rel=1e-4)
        assert found["spread"] == pytest.approx(np.std(values, ddof=1), rel=1e-3)


def test_average_precision_is_the_one_that_others_compute(table, spoken):
    from facelite.controls import closure

    subject, scores, inside = _noisy(0.05), [], []
    for one in spoken:
        measure_of = closure(subject.unsmoothed(one.audio(), one.clip.phones), subject.controls)
        time = np.arange(len(measure_of)) / 62.5
        spoken_at = np.any([(time >= start) & (time < end) for start, end in one.speech], axis=0)
        shut = np.any([np.zeros(len(time), bool), *((time >= a) & (time < b) for a, b in one.closures)], axis=0)
        scores.append(measure_of[spoken_at])
        inside.append(shut[spoken_at])
    expected = average_precision_score(np.concatenate(inside), np.concatenate(scores))
    found = table["rows"][0]["students"][0]["scores"]["clean"]["emodb/test"]
    assert found["closure"]["average_precision"] == pytest.approx(expected, abs=1e-5)
    assert found["interval"]["low"] < expected < found["interval"]["high"]
    assert (found["interval"]["over"], found["interval"]["units"]) == ("speakers", 10)


def test_a_better_student_is_better_in_every_measure_of_likeness(spoken):
    good, bad = (figures(measure(_noisy(amount), spoken), "emodb/test") for amount in (0.02, 0.2))
    assert good["average_precision"] > bad["average_precision"] + 0.1
    assert good["correlation"] > bad["correlation"] + 0.1
    for key in ("mse", "velocity_mse", "jitter_unsmoothed", "jitter_smoothed"):
        assert good[key] < bad[key] / 2
    assert good["jitter_smoothed"] < good["jitter_unsmoothed"]


def test_the_teacher_against_itself(spoken):
    (oracle,) = open_subjects("oracle")
    found = figures(measure(oracle, spoken, [Condition(), Condition(-30)]), "emodb/test")
    # A subject hears the clip as int16, the reference heard the file.
    assert found["mse"] == pytest.approx(0, abs=1e-12)
    assert found["correlation"] == pytest.approx(1)
    assert found["jitter_unsmoothed"] == 1
    assert found["event_recall"] > 0.95
    assert found["labiodental_event_recall"] > 0.9
    assert abs(found["onset_ms"]) < 16
    assert found["average_precision, -30 dB"] == pytest.approx(found["average_precision"], abs=0.02)
    assert found["open_noise"] == found["open_music"] == 0


def test_json_holds_only_what_json_can(table):
    assert json.loads(json.dumps(table, allow_nan=False)) == table


def test_text_shows_the_figures(table):
    row = markdown.part(table, "lips").splitlines()[2]
    precision = table["rows"][0]["figures"][TEACHER]["average_precision"]
    shown = f"{precision['mean']:.3f} ± {precision['spread']:.3f}".replace("0.", ".")
    assert shown in row
    assert row.startswith("| noisy, 3 seeds | 100 | 400 B | 64 ms |")
    assert "AP, -30 dB" in markdown.part(table, "curves")
    assert "| emodb/test | 12 | 10 |" in markdown.part(table, "groups")
    assert markdown.part(table, "curves") in markdown.render(table)


def test_a_table_in_a_page_follows_its_json(table, tmp_path):
    (tmp_path / "table.json").write_text(json.dumps(table))
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- table: table.json lips -->\n| stale |\n<!-- end of table -->\nafter\n")
    markdown.refresh(page)
    fresh = page.read_text()
    assert "stale" not in fresh
    assert markdown.part(table, "lips") in fresh
    assert fresh.startswith("before\n")
    assert fresh.endswith("<!-- end of table -->\nafter\n")
    markdown.refresh(page)
    assert page.read_text() == fresh


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no marker", "holds no table between markers"),
        ("<!-- table: table.json lips -->\n<!-- end of table -->", "is no table"),
        ("<!-- table: whole.json teeth -->\n<!-- end of table -->", "'teeth' is no part"),
    ],
)
def test_a_page_that_cannot_be_filled_is_named_and_kept(table, tmp_path, text, problem):
    (tmp_path / "whole.json").write_text(json.dumps(table))
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(BadInput, match=problem):
        markdown.refresh(tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == text


@pytest.mark.parametrize("page", sorted(page.name for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))))
def test_published_tables_equal_their_json(page):
    path = next(path for path in (ROOT / page, ROOT / "docs" / page) if path.exists())
    assert markdown.refreshed(path.read_text("utf-8"), path.parent) == path.read_text("utf-8")


SPEC = """
title = "ours"
corpora = ["speech"]
headline = "emodb/test"
[[row]]
name = "teacher"
students = ["neural:../teacher"]
[[row]]
name = "small"
students = ["runs/1", "runs/2"]
smoothing = true
"""


def test_paths_of_a_specification_are_its_own(tmp_path):
    (tmp_path / "table.toml").write_text(SPEC)
    spec = load(tmp_path / "table.toml")
    assert spec.row[0].students == (f"neural:{tmp_path.parent}/teacher",)
    assert spec.row[1].students == (str(tmp_path / "runs/1"), str(tmp_path / "runs/2"))
    assert (spec.teacher, spec.corpora, spec.row[1].smoothing) == ("oracle", (str(tmp_path / "speech"),), True)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("headline", "headlien"), "did you mean headline?"),
        (('students = ["runs/1", "runs/2"]', "students = []"), "row.1.students"),
        (('corpora = ["speech"]', 'corpora = ["speech"]\nsplits = ["tset"]'), "'tset' is unknown"),
        (('corpora = ["speech"]', 'corpora = ["speech"]\nsnr_db = [nan]'), "snr_db.0 must be a finite number"),
        (('corpora = ["speech"]', 'corpora = ["speech"]\ngain_db = [nan]'), "gain_db.0 must be a finite number"),
        (('corpora = ["speech"]', 'corpora = ["speech"]\ngain_db = [0]'), "gain_db.0 must be less than 0"),
        (
            ('corpora = ["speech"]', 'corpora = ["speech"]\nsnr_db = [1e6]'),
            "snr_db.0 must be less",
        ),
        (('corpora = ["speech"]', 'corpora = ["speech"]\ngain_db = [-30, -30]'), "-30.0 stands there more than once"),
        (('name = "small"', 'name = "teacher"'), "'teacher' stands there more than once"),
        (("runs/2", "runs/1"), "'runs/1' stands there more than once"),
        (("[[row]]", "[[row"), "is not TOML"),
    ],
)
def test_a_wrong_specification_is_named(tmp_path, change, problem):
    (tmp_path / "table.toml").write_text(SPEC.replace(*change))
    with pytest.raises(BadInput) as error:
        load(tmp_path / "table.toml")
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_a_run_of_several_seeds_is_its_seeds(tmp_path):
    for number in (1, 2, 10):
        (tmp_path / f"seed-{number}").mkdir()
        (tmp_path / f"seed-{number}" / "student.keras").touch()
    assert seeds_of(str(tmp_path)) == [str(tmp_path / f"seed-{number}") for number in (1, 2, 10)]
    assert seeds_of(str(tmp_path / "seed-1")) == [str(tmp_path / "seed-1")]
    assert seeds_of("oracle") == ["oracle"]


def test_an_answer_of_another_length_than_the_reference_is_refused(spoken):
    whole = _noisy(0.05)
    late = replace(whole, unsmoothed=lambda pcm, phones: whole.unsmoothed(pcm, phones)[:-2])
    with pytest.raises(BadInput, match=rf"noisy-0\.05: answers {spoken[0].clip.path} with \d+ frames"):
        measure(late, spoken[:1])


def test_rows_keep_apart_what_is_theirs(tmp_path):
    rows = (Row(name="a", students=("oracle",)), Row(name="b", students=("oracle", "activity"), smoothing=True))
    with pytest.raises(BadInput, match="share no control"), opened(TableSpec(corpora=("x",), row=rows), _quiet):
        pass
    with opened(TableSpec(corpora=("x",), row=(rows[0], Row(name="b", students=("oracle",)))), _quiet) as found:
        assert [(row.row.name, len(row.seeds)) for row in found] == [("a", 1), ("b", 1)]


def _quiet(text: str, done: int, total: int) -> None:
    """No progress."""


def test_controls_that_the_reference_lacks_are_not_measured(hand_labelled):
    rows = (Row(name="a", students=("activity",)),)
    with pytest.raises(BadInput, match="teacher: has none of the students' controls"):
        evaluate(TableSpec(corpora=(str(hand_labelled),), teacher="oracle", row=rows))


def test_lips_are_not_scored_on_a_rig_without_lips(spoken):
    jaw = _noisy(0.05).narrowed(("jawOpen", "mouthPressLeft"))
    score = measure(jaw, spoken).scores["clean"]["emodb/test"]
    assert (score.closure, score.labiodental, score.interval) == (None, None, None)
    assert score.correlation > 0.5


def test_a_headline_that_was_not_measured_is_refused(spoken):
    spec = TableSpec(corpora=("x",), headline="vctk/test", row=(Row(name="noisy", students=("a",)),))
    with pytest.raises(BadInput, match="use one of emodb/test"):
        fill(spec, [Opened(spec.row[0], [[_noisy(0.1)]])], spoken[:2], (), lambda *_: None)


@pytest.mark.slow
def test_the_shipped_figures_are_made_again(shipped_bundle):
    """`make evaluate`'s rows on the C kernel; calibration on another CPU may round otherwise."""
    published = json.loads((ROOT / "docs" / "tables" / "shipped.json").read_text())
    spec = load(ROOT / "docs" / "tables" / "shipped.toml")
    rows = [row for row in spec.row if any("tiny_real_time" in student for student in row.students)]
    assert rows
    again = evaluate(
        spec.model_copy(
            update={"row": tuple(row.model_copy(update={"students": (str(shipped_bundle),)}) for row in rows)}
        )
    )
    for row in again["rows"]:
        known = next(one for one in published["rows"] if one["name"] == row["name"])["figures"]["int8"]
        found = row["figures"]["int8"]
        assert found.keys() == known.keys()
        for key in found:
            allowed = 3 if key == "onset_ms" else 0.02
            assert found[key]["mean"] == pytest.approx(known[key]["mean"], abs=allowed), key
