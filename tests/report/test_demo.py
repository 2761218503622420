"""`facelite demo` as a user runs it: a folder with a space, in which something lies already."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import facelite
import numpy as np
import pytest
import soundfile
from facelite import data, runtimes
from facelite.speech.audio import read
from facelite.targets import profile


@pytest.fixture(scope="session")
def facts(demo) -> dict:
    return json.loads((demo / "report.json").read_text())


def test_the_bundle_is_whole_and_nothing_else_was_touched(demo):
    made = {path.name for path in demo.iterdir()}
    assert {
        "student.facelite",
        "student_int8.tflite",
        "student.onnx",
        "golden.npz",
        "report.json",
        "report.csv",
        "report.html",
        "MODEL_CARD.md",
        "talk.csv",
    } <= made
    assert (demo / "notes.txt").read_text() == "mine"
    assert not [name for name in made if name.startswith(".")]


def test_it_says_where_to_look_and_shows_progress(demo):
    assert "report.html" in (demo / "stdout.txt").read_text()
    assert len((demo / "stderr.txt").read_text().splitlines()) >= 5


def test_every_target_was_asked_and_every_tier_proved(facts):
    assert [verdict["target"] for verdict in facts["verdicts"]] == list(profile.names())
    assert all(verdict["holds"] for verdict in facts["verdicts"])
    proved = {row["runtime"] for row in facts["proof"]["rows"] if row["reference"] == "LiteRT reference"}
    assert {"NumPy oracle", *(f"C kernel, {tier}" for tier in runtimes.tiers())} <= proved
    assert {row["signal"] for row in facts["proof"]["rows"]} >= {"speech", "silence", "full-scale noise"}
    assert all(row["holds"] and row["different"] == 0 and row["compared"] > 0 for row in facts["proof"]["rows"])


def test_the_report_names_the_student_and_its_layers(facts):
    assert facts["student"]["name"] == "tiny_real_time"
    assert sum(layer["macs"] for layer in facts["layers"]) == facts["student"]["macs_per_hop"]
    assert sum(layer["us"] for layer in facts["layers"]) < 16_000


def test_the_live_link_file_holds_what_the_bundle_animates(demo):
    student = facelite.load(demo)
    frames = student.animate(read(data.demo_clip().path, student.sample_rate))
    with (demo / "talk.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    times = np.arange(len(rows)) / 60
    for control in ("jawOpen", "mouthPressLeft"):
        column = [float(row[control[0].upper() + control[1:]]) for row in rows]
        curve = frames[:, student.controls.index(control)]
        np.testing.assert_allclose(column, np.interp(times, np.arange(len(curve)) / 62.5, curve), atol=2e-6)


def test_another_recording_can_be_reported(shipped_bundle, tmp_path):
    """`facelite report --audio`: any sound file, no phones, JSON alone on stdout."""
    bundle = shutil.copytree(shipped_bundle, tmp_path / "a bundle")
    speech = read(data.demo_clip().path, 44100)[: 44100 // 4]
    soundfile.write(tmp_path / "hello.wav", np.stack([speech, speech], axis=1), 44100)
    program = Path(sys.executable).with_name("facelite")
    command = [program, "report", bundle, "--audio", tmp_path / "hello.wav", "--json"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report == json.loads((bundle / "report.json").read_text())
    assert report["clip"]["name"] == "hello.wav"
    assert report["clip"]["seconds"] == pytest.approx(0.25, abs=0.001)
    assert report["clip"]["frames"] == 16
