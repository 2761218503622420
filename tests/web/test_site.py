"""What a page is made of: sounds of any name, heads that it can show, nothing half-written."""

from __future__ import annotations

import json
from pathlib import Path

import pygltflib
import pytest
import soundfile
from facelite.cli import main
from facelite.export import glb


@pytest.fixture
def build(shipped_bundle, tmp_path):
    def built(*words: str | Path) -> int:
        return main(["web", "build", str(shipped_bundle), "-o", str(tmp_path / "site"), *map(str, words)])

    return built


def test_sounds_of_one_name_and_names_that_are_no_address(build, speech, tmp_path):
    samples, rate = soundfile.read(speech)
    given = [tmp_path / "p" / "take #1?.wav", tmp_path / "q" / "take #1?.wav", tmp_path / "spoken-0.wav"]
    for index, path in enumerate(given):
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, samples[: 4000 * (index + 1)], rate)
    assert build(*(word for path in given for word in ("--sound", path))) == 0
    clips = json.loads((tmp_path / "site" / "site.json").read_text())["clips"]
    assert [clip["text"] for clip in clips] == ["take #1?", "take #1?", "spoken-0"]
    assert [soundfile.info(tmp_path / "site" / clip["file"]).frames for clip in clips] == [4000, 8000, 12000]
    assert all(set(clip["file"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.") for clip in clips)


def test_a_page_can_be_made_of_its_own_files(build, speech, tmp_path):
    assert build("--sound", speech) == 0
    sound, head = tmp_path / "site" / f"sound-0{Path(speech).suffix}", tmp_path / "site" / "head.glb"
    before = sound.read_bytes(), head.read_bytes()
    assert build("--sound", sound, "--mesh", head) == 0
    assert (sound.read_bytes(), head.read_bytes()) == before


def test_a_head_without_shapes_is_refused_before_anything_is_written(build, tmp_path, capsys):
    glb.write_head(tmp_path / "plain.glb")
    gltf = pygltflib.GLTF2().load(str(tmp_path / "plain.glb"))
    gltf.meshes[0].extras = {}
    gltf.save(str(tmp_path / "plain.glb"))
    assert build("--mesh", tmp_path / "plain.glb") == 2
    assert "plain.glb: no morph target has the name of a control" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_sound_that_is_none_is_refused(build, tmp_path, capsys):
    (tmp_path / "bad.wav").write_bytes(b"RIFF but not really")
    assert build("--sound", tmp_path / "bad.wav") == 2
    assert "bad.wav" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_idle_life_for_a_student_of_another_rate_is_refused(tmp_path, capsys):
    zoo = Path(__file__).parents[1] / "c" / "data" / "zoo.facelite"
    assert main(["web", "build", str(zoo), "-o", str(tmp_path / "site"), "--idle"]) == 2
    assert "--idle: the student gives 666.667 frames a second" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
