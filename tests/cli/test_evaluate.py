"""`facelite evaluate` as users run it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from facelite.evaluation import markdown

HAND_LABELLED = Path(__file__).parents[1] / "data" / "emodb"


@pytest.fixture(scope="module")
def speech_folder(tmp_path_factory):
    """Twenty of the hand-labelled clips, as a folder of their own."""
    folder = tmp_path_factory.mktemp("some speech")
    shutil.copy(HAND_LABELLED / "phones.csv", folder)
    lines = (HAND_LABELLED / "clips.csv").read_text().splitlines()
    kept = [lines[0], *lines[1::5]]
    (folder / "clips.csv").write_text("\n".join(kept) + "\n")
    for line in kept[1:]:
        (folder / "clips").mkdir(exist_ok=True)
        shutil.copy(HAND_LABELLED / line.split(",")[0], folder / "clips")
    return folder


def _evaluate(*words) -> subprocess.CompletedProcess:
    program = Path(sys.executable).with_name("facelite")
    return subprocess.run([program, "evaluate", *map(str, words)], capture_output=True, text=True, timeout=600)


def test_a_teacher_and_both_renditions_of_a_student(speech_folder, shipped_student, shipped_bundle, tmp_path):
    run = tmp_path / "my run"
    shutil.copytree(shipped_bundle, run)
    shutil.copy(shipped_student, run)
    shutil.copy(shipped_student.with_name("student.toml"), run)
    outputs = ["--table", tmp_path / "t.json", "--table", tmp_path / "t.md", "--html", tmp_path / "t.html"]
    result = _evaluate("oracle", run, "--corpus", speech_folder, "--gain-db", -30, "--json", *outputs)
    assert result.returncode == 0, result.stderr
    table = json.loads(result.stdout)
    assert table == json.loads((tmp_path / "t.json").read_text())
    assert (tmp_path / "t.md").read_text() == markdown.render(table)
    assert (tmp_path / "t.html").stat().st_size > 100_000
    assert [(row["name"], list(row["figures"])) for row in table["rows"]] == [
        ("oracle", ["teacher"]),
        ("my run", ["float", "int8"]),
    ]
    assert table["speech"] == {"emodb/test": table["speech"]["emodb/test"]}
    assert table["speech"]["emodb/test"]["clips"] == 20
    figures = table["rows"][1]["figures"]
    for key in ("average_precision", "average_precision, -30 dB", "correlation"):
        assert figures["int8"][key]["mean"] == pytest.approx(figures["float"][key]["mean"], abs=0.03)
        assert table["rows"][0]["figures"]["teacher"][key]["mean"] > figures["float"][key]["mean"]
    assert [student["proof"] and student["proof"]["different"] for student in table["rows"][1]["students"]] == [None, 0]


def test_figures_fit_eighty_columns(speech_folder, shipped_bundle):
    conditions = ["--gain-db", -30, "--snr-db", 20]
    result = _evaluate(shipped_bundle, "--corpus", speech_folder, *conditions)
    assert result.returncode == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "20 dB SNR" in result.stdout


def test_a_bundle_whose_runtimes_differ_exits_1(speech_folder, shipped_bundle, tmp_path):
    """The blob of the shipped student beside a TFLite file in which one weight is another."""
    broken = shutil.copytree(shipped_bundle, tmp_path / "broken")
    tflite = bytearray((broken / "student_int8.tflite").read_bytes())
    from facelite.converters.bundle import load_graph

    head = load_graph(shipped_bundle).ops[-1].weight
    row = head[0].tobytes()
    at = bytes(tflite).find(row)
    assert at > 0
    tflite[at : at + len(row)] = bytes((-head[0]).clip(-127, 127).astype("int8").tobytes())
    (broken / "student_int8.tflite").write_bytes(bytes(tflite))
    result = _evaluate(broken, "--corpus", speech_folder, "--json")
    assert result.returncode == 1, result.stderr
    assert json.loads(result.stdout)["rows"][0]["students"][0]["proof"]["different"] > 0


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--corpus", "SPEECH"], "no student"),
        (["oracle"], "no --corpus"),
        (["nothing here", "--corpus", "SPEECH"], "nothing here"),
        (["oracle", "--corpus", "SPEECH", "--table", "t.xlsx"], "t.xlsx"),
        (["oracle", "--corpus", "SPEECH", "--split", "dev"], "dev"),
        (["oracle", "--corpus", "SPEECH", "--source", "vctk"], "vctk"),
        (["oracle", "--corpus", "SPEECH", "--teacher", "orcale"], "orcale"),
        (["--spec", "missing.toml"], "missing.toml"),
        (["oracle", "oracle", "--corpus", "SPEECH"], "'oracle' stands there more than once"),
        (["oracle", "--corpus", "SPEECH", "--snr-db", "nan"], "snr_db"),
        (["oracle", "--corpus", "SPEECH", "--snr-db", "1e6"], "snr_db"),
        (["oracle", "--corpus", "SPEECH", "--gain-db", "0"], "gain_db"),
        (["oracle", "--spec", "table.toml"], "beside oracle"),
        (["--spec", "table.toml", "--split", "test"], "splits"),
        (["--spec", "table.toml", "--snr-db", "20"], "snr_db"),
        (["--spec", "table.toml", "--teacher", "oracle"], "teacher"),
        (["--spec", "table.toml", "--int8"], "int8"),
    ],
)
def test_bad_input_is_one_line(speech_folder, words, named):
    result = _evaluate(*(speech_folder if word == "SPEECH" else word for word in words))
    assert result.returncode == 2
    assert result.stdout == ""
    assert named in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
