"""`facelite preview` on the command line."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
from facelite import load
from facelite.cli import main
from facelite.speech.audio import read

ZOO = Path(__file__).parents[1] / "c" / "data" / "zoo.facelite"


def test_the_page_holds_the_kernels_curves(tmp_path, speech, capsys):
    assert main(["preview", str(speech), "-s", str(ZOO), "-o", str(tmp_path / "page.html")]) == 0
    assert "open it in a browser" in capsys.readouterr().err
    page = (tmp_path / "page.html").read_text()
    clip = json.loads(re.search(r'id="clip">(.*?)</script>', page, re.DOTALL)[1])
    curves = np.frombuffer(base64.b64decode(clip["curves"]), "<f4").reshape(clip["frames"], -1)
    np.testing.assert_array_equal(curves, load(ZOO).animate(read(speech)))


def test_a_missing_student_is_one_line(tmp_path, speech, capsys):
    assert main(["preview", str(speech), "-s", str(tmp_path / "none"), "-o", str(tmp_path / "page.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "page.html").exists()


def test_a_recording_is_not_overwritten_with_a_page(tmp_path, speech, capsys):
    recording = tmp_path / "talk.flac"
    recording.write_bytes(Path(speech).read_bytes())
    assert main(["preview", str(recording), "-s", str(ZOO), "-o", str(recording)]) == 2
    assert "write -o NAME.html" in capsys.readouterr().err
    assert recording.read_bytes() == Path(speech).read_bytes()
