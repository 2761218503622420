"""`facelite web build` writes a folder that needs nothing else; `facelite live` serves it to this computer."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import soundfile
from facelite.cli import main
from facelite.export import glb

PROGRAM = Path(sys.executable).with_name("facelite")


def test_live_serves_the_page_until_it_is_stopped(shipped_bundle):
    command = [PROGRAM, "live", shipped_bundle, "--no-browser", "--no-gate", "--idle"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        line = process.stderr.readline()
        address = re.search(r"http://localhost:\d+/", line)
        assert address, line
        for name, kind in (("", "text/html"), ("page.js", "text/javascript"), ("facelite.wasm", "application/wasm")):
            with urllib.request.urlopen(address[0] + name) as answer:
                assert answer.headers["Content-Type"] == kind
        with urllib.request.urlopen(address[0] + "site.json") as answer:
            assert b'"gate": false' in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_a_page_of_ones_own(shipped_bundle, speech, tmp_path, capsys):
    glb.write_head(tmp_path / "theirs.glb")
    sound = tmp_path / "talk.wav"
    soundfile.write(sound, *soundfile.read(speech))
    given = ["--mesh", str(tmp_path / "theirs.glb"), "--sound", str(sound)]
    assert main(["web", "build", str(shipped_bundle), "-o", str(tmp_path / "site"), *given]) == 0
    assert (tmp_path / "site" / "head.glb").read_bytes() == (tmp_path / "theirs.glb").read_bytes()
    assert (tmp_path / "site" / "sound-0.wav").read_bytes() == sound.read_bytes()
    assert not list((tmp_path / "site").glob("*.flac"))
    assert "MB without sounds" in capsys.readouterr().err
    soundfile.write(tmp_path / "other.flac", *soundfile.read(speech))
    other = ["--sound", str(tmp_path / "other.flac")]
    assert main(["web", "build", str(shipped_bundle), "-o", str(tmp_path / "site"), *other]) == 0
    assert [path.name for path in (tmp_path / "site").glob("sound-*")] == ["sound-0.flac"]


def test_the_page_links_to_files_of_its_own(shipped_bundle, tmp_path):
    assert main(["web", "build", str(shipped_bundle), "-o", str(tmp_path)]) == 0
    for file in [tmp_path / "index.html", *tmp_path.glob("*.js")]:
        if file.name == "three.js":
            continue
        text = file.read_text()
        assert not re.search(r"https?://", text), file.name
        named = re.findall(r'(?:src|href|from|import)\s*=?\s*"(\.?/?[\w.]+\.(?:js|css))"', text)
        assert all((tmp_path / name).is_file() for name in named), named


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["nothere"], "nothere"),
        (["BUNDLE", "--sound", "nothere.wav"], "nothere.wav"),
        (["BUNDLE", "--sound", "BUNDLE/MODEL_CARD.md"], "browsers do not play"),
        (["BUNDLE", "--mesh", "BUNDLE/student.facelite"], "student.facelite"),
    ],
)
def test_what_cannot_be_used_is_named(shipped_bundle, tmp_path, capsys, given, said):
    given = [part.replace("BUNDLE", str(shipped_bundle)) for part in given]
    assert main(["web", "build", *given, "-o", str(tmp_path / "site")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.program("flite")
def test_text_is_spoken(shipped_bundle, tmp_path, capsys):
    folder = str(tmp_path / "site")
    assert main(["web", "build", str(shipped_bundle), "-o", folder, "--say", "Pop the bump."]) == 0
    spoken, _ = soundfile.read(tmp_path / "site" / "spoken-0.wav")
    assert len(spoken) > 8000
    assert main(["web", "build", str(shipped_bundle), "-o", folder, "--say", "..."]) == 2
    assert "nothing to speak" in capsys.readouterr().err
