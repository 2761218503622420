"""`facelite run` over folders, rates, channels and schemes, with a small student."""

from __future__ import annotations

import csv
import json
import os
import socket

import numpy as np
import pytest
import soundfile
from facelite import load
from facelite.cli import main
from facelite.export import visemes


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(2).uniform(-0.5, 0.5, 24000).astype(np.float32)


@pytest.fixture
def clips(tmp_path, noise):
    """A folder with a folder in it: 16 kHz mono, 44.1 kHz stereo, and a text file."""
    folder = tmp_path / "clips"
    (folder / "more").mkdir(parents=True)
    soundfile.write(folder / "one.wav", noise, 16000, subtype="FLOAT")
    soundfile.write(folder / "more" / "two.flac", np.stack([noise, -0.5 * noise], 1), 44100)
    (folder / "notes.txt").write_text("no sound")
    return folder


def test_a_folder_becomes_a_folder_of_the_same_curves(tmp_path, clips, noise, student_file, capsys):
    assert (
        main(["run", str(student_file), str(clips), "-o", str(tmp_path / "curves"), "--format", "json", "--no-gate"])
        == 0
    )
    written = sorted(str(path.relative_to(tmp_path / "curves")) for path in (tmp_path / "curves").rglob("*.*"))
    assert written == ["more/two.json", "one.json"]
    one = json.loads((tmp_path / "curves" / "one.json").read_text())
    np.testing.assert_allclose(one["frames"], load(student_file).animate(noise), atol=1e-6)
    two = json.loads((tmp_path / "curves" / "more" / "two.json").read_text())
    assert len(two["frames"]) == -(-round(24000 / 44100 * 16000) // 256)
    assert "2 of 2 files" in capsys.readouterr().err


def test_one_bad_file_stops_no_other(tmp_path, clips, student_file, capsys):
    (clips / "broken.wav").write_bytes(b"RIFF but not really")
    command = ["run", str(student_file), str(clips), "-o", str(tmp_path / "curves"), "--format", "csv"]
    assert main(command) == 2
    assert (tmp_path / "curves" / "one.csv").exists()
    errors = capsys.readouterr().err
    assert "broken.wav" in errors
    assert "2 of 3 files" in errors


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["-o", "x", "--format", "fbx"], "no format 'fbx'"),
        ([], "clips: is a folder"),
        (["-o", "x", "--osc", "127.0.0.1:9"], "folder cannot be streamed"),
    ],
)
def test_what_cannot_be_done_with_a_folder_is_one_line(clips, student_file, capsys, arguments, fault):
    assert main(["run", str(student_file), str(clips), *arguments]) == 2
    errors = capsys.readouterr().err
    assert fault in errors
    assert errors.count("\n") == 1


def test_two_sounds_that_would_become_one_file(tmp_path, clips, noise, student_file, capsys):
    soundfile.write(clips / "one.flac", noise, 16000)
    assert main(["run", str(student_file), str(clips), "-o", str(tmp_path / "curves")]) == 2
    assert "both become one.csv" in capsys.readouterr().err


@pytest.mark.parametrize("fps", [24, 25, 29.97, 30, 60, 120])
def test_every_frame_rate_with_its_timecode(tmp_path, clips, student_file, fps):
    target = tmp_path / "talk.csv"
    command = ["run", str(student_file), str(clips / "one.wav"), "-o", str(target), "--fps", str(fps)]
    assert main([*command, "--start", "10:00:00:00"]) == 0
    rows = list(csv.DictReader(target.open()))
    rate = 30000 / 1001 if fps == 29.97 else fps
    assert len(rows) == int(93 / 62.5 * rate) + 1
    assert rows[0]["Timecode"] == "10:00:00:00.000"
    assert rows[round(fps)]["Timecode"] == "10:00:01:00.000"


@pytest.mark.parametrize(("scheme", "controls"), [("oculus", visemes.OCULUS), ("vrm", visemes.VRM)])
def test_visemes_and_expressions_can_be_asked_for(tmp_path, clips, student_file, scheme, controls):
    target = tmp_path / "talk.json"
    assert main(["run", str(student_file), str(clips / "one.wav"), "-o", str(target), "--as", scheme]) == 0
    assert json.loads(target.read_text())["controls"] == list(controls)


def test_a_rig_is_made_of_what_the_scheme_names(tmp_path, clips, student_file):
    (tmp_path / "rig.json").write_text(json.dumps({"viseme_aa": {"sum": {"aa": 100.0}}}))
    command = ["run", str(student_file), str(clips / "one.wav"), "--as", "oculus", "--map", str(tmp_path / "rig.json")]
    assert main([*command, "-o", str(tmp_path / "mapped.json")]) == 0
    assert main([*command[:-2], "-o", str(tmp_path / "plain.json")]) == 0
    mapped, plain = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("mapped", "plain"))
    column = plain["controls"].index("aa")
    np.testing.assert_allclose(np.array(mapped["frames"])[:, 0], 100 * np.array(plain["frames"])[:, column], atol=1e-4)


def test_a_target_that_cannot_be_written_stops_no_other_and_is_named(tmp_path, clips, student_file, capsys):
    (tmp_path / "curves" / "one.csv").mkdir(parents=True)
    assert main(["run", str(student_file), str(clips), "-o", str(tmp_path / "curves")]) == 2
    errors = capsys.readouterr().err
    assert f"{tmp_path / 'curves' / 'one.csv'}: Is a directory" in errors
    assert "1 of 2 files" in errors
    assert sorted(path.name for path in (tmp_path / "curves").iterdir()) == ["more", "one.csv"]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (["--head", "head.glb"], "--head: a .csv file holds no head"),
        (["--format", "npz", "--start", "00:00:00:00"], "--start: a .npz file holds no timecode"),
        (["--fps", "62.5"], "--fps: timecode cannot count 62.5"),
        (["--map", "none.json"], "none.json"),
    ],
)
def test_what_is_wrong_with_every_recording_is_said_once(tmp_path, clips, student_file, capsys, given, fault):
    assert main(["run", str(student_file), str(clips), "-o", str(tmp_path / "curves"), *given]) == 2
    errors = capsys.readouterr().err
    assert fault in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "curves").exists()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (["--osc", ""], "--osc: '' is no HOST:PORT"),
        (["--osc", "a..b:1"], "--osc: a..b: no host can have that name"),
        (["--osc", "127.0.0.1:9", "--start", "00:00:00:00"], "--start: a stream has no use for it"),
        (["--livelink", "127.0.0.1:9", "--head", "head.glb"], "--head: a stream has no use for it"),
        (["--workers", "3"], "--workers: is for a folder"),
    ],
)
def test_options_that_would_do_nothing_are_refused(tmp_path, clips, student_file, capsys, monkeypatch, given, fault):
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(student_file), str(clips / "one.wav"), *given]) == 2
    assert fault in capsys.readouterr().err
    assert not list(tmp_path.glob("*.csv"))


def test_a_name_that_is_not_utf8_stops_no_other(tmp_path, noise, student_file, capfd):
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in (b"a.wav", b"bad\xff.wav", b"z.wav"):
        soundfile.write(os.fsencode(clips) + b"/" + name, noise, 16000, format="WAV")
    given = [str(student_file), str(clips), "-o", str(tmp_path / "curves"), "--format", "json", "--no-gate"]
    assert main(["run", *given]) == 0
    assert {os.fsencode(path.name) for path in (tmp_path / "curves").iterdir()} == {
        b"a.json",
        b"bad\xff.json",
        b"z.json",
    }
    assert "3 of 3 files" in capfd.readouterr().err


def test_a_format_is_refused_before_a_stream_begins(tmp_path, noise, student_file, capfd):
    soundfile.write(tmp_path / "a.wav", noise, 16000)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        to = f"127.0.0.1:{receiver.getsockname()[1]}"
        assert (
            main(["run", str(student_file), str(tmp_path / "a.wav"), "--osc", to, "-o", str(tmp_path / "a.txt")]) == 2
        )
        with pytest.raises(BlockingIOError):
            receiver.recv(1)
    assert "no format '.txt'" in capfd.readouterr().err
