"""Animation that exists is found by its sound, read from what other tools write, and stands at the right time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from facelite import export
from facelite.curves import Curves
from facelite.errors import BadInput
from facelite.speech import audio
from facelite.teachers import curve_files
from facelite.teachers.protocol import Teacher
from facelite.teachers.registry import open_teacher

SECONDS = 2.0


def _sine(rate: float, seconds: float = SECONDS, names=("jawOpen", "mouthClose")) -> Curves:
    """Curves that are known at every time: one signed and beyond 1, one between 0 and 1."""
    times = np.arange(round(seconds * rate)) / rate
    values = np.stack([1.5 * np.sin(2 * np.pi * times), 0.5 + 0.5 * np.cos(2 * np.pi * times)], 1)
    return Curves(values.astype(np.float32), names, rate)


def _noise(seed: int, seconds: float = SECONDS) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(round(seconds * 16000)) * 0.1).astype(np.float32)


def _folder(folder: Path, *writers) -> Path:
    """take0, take1, …: noise of its own and curves as each writer leaves them at the path without suffix."""
    folder.mkdir(exist_ok=True)
    for index, write in enumerate(writers):
        audio.write(folder / f"take{index}.flac", _noise(index))
        write(folder / f"take{index}")
    return folder


def _npz(rate: float):
    return lambda path: export.write(path.with_suffix(".npz"), _sine(rate))


def _at(seconds: np.ndarray) -> np.ndarray:
    return np.stack([1.5 * np.sin(2 * np.pi * seconds), 0.5 + 0.5 * np.cos(2 * np.pi * seconds)], 1)


def _audio2face(path: Path) -> None:
    """The keys of Audio2Face's own export."""
    curves = _sine(30)
    document = {
        "exportFps": 30,
        "numPoses": 2,
        "numFrames": len(curves.values),
        "facsNames": list(curves.controls),
        "weightMat": curves.values.tolist(),
    }
    path.with_suffix(".json").write_text(json.dumps(document))


def _timed_csv(path: Path) -> None:
    """Irregular times in seconds, none of them 0."""
    times = np.sort(np.random.default_rng(5).uniform(-0.1, 2.1, 600))
    rows = [f"{t:.6f},{jaw:.6f},{close:.6f}" for t, (jaw, close) in zip(times, _at(times), strict=True)]
    path.with_suffix(".csv").write_text("time,jawOpen,mouthClose\n" + "\n".join(rows) + "\n")


@pytest.mark.parametrize("rate", [24, 29.97, 30, 60, 62.5, 120])
def test_any_frame_rate_lands_on_the_right_time(tmp_path, rate):
    teacher = open_teacher(f"curves:{_folder(tmp_path, _npz(rate))}")
    curves = teacher.animate(_noise(0), 16000)
    assert isinstance(teacher, Teacher)
    assert curves.controls == ("jawOpen", "mouthClose")
    assert curves.values.shape == (125, 2)
    inside = np.arange(125) / 62.5
    inside = inside[inside <= SECONDS - 1 / rate]
    np.testing.assert_allclose(curves.values[: len(inside)], _at(inside), atol=1.5 * (2 * np.pi / rate) ** 2 / 8 + 1e-4)


@pytest.mark.parametrize("write", [_audio2face, _timed_csv, lambda path: export.write(f"{path}.json", _sine(60))])
def test_what_other_tools_write_is_read(tmp_path, write):
    curves = open_teacher(f"curves:{_folder(tmp_path, write)}").animate(_noise(0), 16000)
    times = np.arange(120) / 62.5
    np.testing.assert_allclose(curves.values[:120], _at(times), atol=0.01)


@pytest.mark.parametrize("rate", [30, 60, 59.94])
def test_live_link_timecode_gives_the_time(tmp_path, rate):
    """Our own writer makes the file; `frame_rate` tells 59.94 from the 60 that its timecode counts."""
    folder = _folder(tmp_path, lambda path: export.write(path.with_suffix(".csv"), _sine(rate), rate))
    if rate == 59.94:
        (folder / "curves.toml").write_text("frame_rate = 59.94\n")
    teacher = open_teacher(f"curves:{folder}")
    values = teacher.animate(_noise(0), 16000).select(("jawOpen", "mouthClose")).values
    assert teacher.controls[:2] == ("eyeBlinkLeft", "eyeLookDownLeft")
    np.testing.assert_allclose(values[:120], _at(np.arange(120) / 62.5), atol=0.01)


def test_timecode_may_skip_repeat_and_pass_midnight(tmp_path):
    codes = ["23:59:59:28.500", "23:59:59:29.000", "23:59:59:29.000", "00:00:00:02.000"] + [
        f"00:00:00:{frame:02d}.000" for frame in range(3, 30)
    ]
    (tmp_path / "take.csv").write_text("Timecode,BlendShapeCount,JawOpen\n" + "".join(f"{c},61,0.5\n" for c in codes))
    track = curve_files.read(tmp_path / "take.csv")
    assert track.controls == ("jawOpen",)
    np.testing.assert_allclose(track.times[:3] * 30, [0, 0.5, 3.5], atol=1e-9)


def test_drop_frame_timecode_follows_the_clock(tmp_path):
    """29.97 frames a second under numbers that count 30 and skip two a minute, but not in each tenth minute."""

    def times(*codes: str, rate: float | None = None) -> np.ndarray:
        (tmp_path / "take.csv").write_text("Timecode,JawOpen\n" + "".join(f"{code},0.5\n" for code in codes))
        return curve_files.read(tmp_path / "take.csv", rate).times

    for rate in (29.97, 30000 / 1001):
        assert times("00:00:00;00", "01:00:00;00", rate=rate)[1] == pytest.approx(3600, abs=0.01)
        frames = times("00:00:59;28", "00:00:59;29", "00:01:00;02", "00:01:00;03", rate=rate) * rate
        np.testing.assert_allclose(frames, [0, 1, 2, 3], atol=1e-9)
        assert times("00:09:59;29", "00:10:00;00", rate=rate)[1] * rate == pytest.approx(1)
        assert times("23:59:59;29", "00:00:00;00", rate=rate)[1] * rate == pytest.approx(1)
    assert times("00:00:00:00", "01:00:00:00", rate=29.97)[1] == pytest.approx(3603.6, abs=0.01)
    second = [f"00:00:59;{frame:02d}" for frame in range(30)]
    np.testing.assert_allclose(times(*second, "00:01:00;02"), np.arange(31) * 1.001 / 30, atol=1e-9)


def test_a_take_that_cannot_be_read_is_named_once_and_costs_no_other(tmp_path, capsys):
    folder = _folder(tmp_path, _npz(30), _npz(30), _npz(30))
    (folder / "take1.flac").write_bytes((folder / "take1.flac").read_bytes()[:1000])
    teacher = open_teacher(f"curves:{folder}")
    for index in (0, 2):
        assert teacher.animate(_noise(index), 16000).values.shape == (125, 2)
    with pytest.raises(BadInput, match="no recording that sounds"):
        teacher.animate(_noise(1), 16000)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"left out {folder / 'take1.flac'}: ")


def test_recordings_are_told_apart_by_their_sound(tmp_path):
    def flat(level):
        curves = Curves(np.full((60, 1), level, np.float32), ("jaw",), 30.0)
        return lambda path: export.write(path.with_suffix(".npz"), curves)

    teacher = open_teacher(f"curves:{_folder(tmp_path, flat(0.1), flat(-0.2), flat(0.3))}")
    for index, level in ((2, 0.3), (0, 0.1), (1, -0.2)):
        np.testing.assert_allclose(teacher.animate(_noise(index), 16000).values, level, atol=1e-6)
    with pytest.raises(BadInput, match="no recording that sounds"):
        teacher.animate(_noise(7), 16000)


def test_a_stretch_of_a_recording_is_found_with_its_place(tmp_path):
    """What a corpus makes of long recordings: pieces that begin anywhere, here and in a recording like it."""
    long = _noise(0, 40.0)
    long[200000:230000] = 0
    similar = long.copy()
    similar[::1000] *= 0.5
    for index, samples in enumerate((similar, long)):
        audio.write(tmp_path / f"take{index}.flac", samples)
        export.write(tmp_path / f"take{index}.npz", Curves(_sine(60, 40.0).values + index, ("a", "b"), 60))
    teacher = open_teacher(f"curves:{tmp_path}")
    whole = audio.read(tmp_path / "take1.flac")
    for start, end in ((0, 150000), (123457, 310001), (400000, 640000), (5000, 13000)):
        values = teacher.animate(whole[start:end], 16000).values
        times = start / 16000 + np.arange(-(-(end - start) // 256)) / 62.5
        inside = times < 39.9
        np.testing.assert_allclose(values[inside], _at(times[inside]) + 1, atol=0.01)
    for stranger in (whole[::-1].copy(), whole[205000:215000], whole[1000:1010]):
        with pytest.raises(BadInput, match="no recording that sounds"):
            teacher.animate(stranger, 16000)


def test_a_recording_at_another_rate_is_known_by_what_a_corpus_makes_of_it(tmp_path):
    audio.write(tmp_path / "take.wav", _noise(0, 3.0), 44100)
    _npz(30)(tmp_path / "take")
    audio.write(tmp_path / "kept" / "clip.flac", audio.read(tmp_path / "take.wav"))
    kept = audio.read(tmp_path / "kept" / "clip.flac")
    curves = open_teacher(f"curves:{tmp_path}").animate(kept, 16000)
    assert len(curves.values) == -(-len(kept) // 256)


def test_the_settings_shift_scale_and_choose(tmp_path):
    folder = _folder(tmp_path, _npz(60))
    (folder / "curves.toml").write_text('offset = 0.25\nscale = -2\ncontrols = ["mouthClose"]\n')
    curves = open_teacher(f"curves:{folder}").animate(_noise(0), 16000)
    assert curves.controls == ("mouthClose",)
    times = np.arange(125) / 62.5
    later = times >= 0.25
    np.testing.assert_allclose(curves.values[later, 0], -2 * _at(times[later] - 0.25)[:, 1], atol=0.02)
    np.testing.assert_allclose(curves.values[times < 0.25, 0], -2.0, atol=1e-5)


def test_the_fingerprint_follows_sounds_curves_and_settings(tmp_path):
    folder = _folder(tmp_path / "a", _npz(30), _npz(60))
    shutil.copytree(folder, tmp_path / "b")
    first = open_teacher(f"curves:{folder}").fingerprint()
    assert open_teacher(f"curves:{tmp_path / 'b'}").fingerprint() == first
    (tmp_path / "b" / "curves.toml").write_text("offset = 0.1\n")
    shifted = open_teacher(f"curves:{tmp_path / 'b'}").fingerprint()
    _npz(24)(folder / "take1")
    assert len({first, shifted, open_teacher(f"curves:{folder}").fingerprint()}) == 3


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("take0.csv", "JawOpen\n0.5\n", "neither a Timecode nor a time"),
        ("take0.csv", "Timecode,JawOpen\n00:00:00:01.0,0.5\n00:00:00:02.0,0.5,1\n", "row 3"),
        ("take0.csv", "Timecode,JawOpen\n00:00:00:01.0,0.5\n00:00:00:02.0,0.5\n", "frame_rate"),
        ("take0.csv", "time,jaw\n0.1,0.5\n0.0,0.5\n", "backwards"),
        ("take0.csv", "time,jaw\n0.1,open\n", "no number"),
        ("take0.csv", "time,jaw\n", "no frames"),
        ("take0.csv", ",Timecode,JawOpen\n0,00:00:00:01.0,0.5\n1,00:00:00:02.0,0.5\n", "column 1 has no name"),
        ("take0.json", '{"fps": 30, "names": ["jaw"], "values": [[1], [NaN]]}', "NaN"),
        ("take0.json", '{"fps": 30, "names": ["jaw", "lip"], "values": [[1], [2]]}', "2 controls"),
        ("take0.json", '{"fps": 0, "names": ["jaw"], "values": [[1]]}', "0 frames a second"),
        ("take0.json", '{"fps": 30, "values": [[1]]}', "none of controls"),
        ("take0.json", '{"fps": 30, "names": ["jaw"], "values": [[1], [2, 3]]}', "table"),
        ("take0.json", "[1]", "no JSON object"),
        ("take0.npz", "not an archive", "readable .npz"),
    ],
)
def test_curves_that_cannot_be_used_are_named(tmp_path, name, text, named):
    audio.write(tmp_path / "take0.flac", _noise(0))
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=named) as refusal:
        open_teacher(f"curves:{tmp_path}")
    assert str(refusal.value).startswith(str(tmp_path / name))


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    with pytest.raises(BadInput, match="is not a folder"):
        open_teacher(f"curves:{tmp_path / 'absent'}")
    audio.write(tmp_path / "a.flac", _noise(0))
    _npz(30)(tmp_path / "b")
    with pytest.raises(BadInput, match="1 sound files and 1 files of curves"):
        open_teacher(f"curves:{tmp_path}")
    _npz(30)(tmp_path / "a")
    audio.write(tmp_path / "a.wav", _noise(0))
    with pytest.raises(BadInput, match="has the name of"):
        open_teacher(f"curves:{tmp_path}")
    (tmp_path / "a.wav").unlink()
    (tmp_path / "curves.toml").write_text("fps = 30\n")
    with pytest.raises(BadInput, match=r"fps.*frame_rate"):
        open_teacher(f"curves:{tmp_path}")


def test_curves_that_end_before_their_audio_or_lack_a_control_are_refused(tmp_path):
    short = _sine(30, seconds=1.0)
    other = _sine(30, names=("jawOpen", "brow"))
    folder = _folder(
        tmp_path,
        _npz(30),
        lambda path: export.write(path.with_suffix(".npz"), short),
        lambda path: export.write(path.with_suffix(".npz"), other),
    )
    teacher = open_teacher(f"curves:{folder}")
    with pytest.raises(BadInput, match=r"take1.npz: ends 1.0"):
        teacher.animate(_noise(1), 16000)
    with pytest.raises(BadInput, match=r"take2.npz: lacks mouthClose"):
        teacher.animate(_noise(2), 16000)
