"""A preview of the packaged recording, animated from its phones, in a browser that draws WebGL without a GPU."""

from __future__ import annotations

import pytest
from facelite import data, preview
from facelite.controls import SPEECH_CONTROLS
from facelite.report import Clip
from facelite.speech.audio import read
from facelite.teachers.oracle import OracleTeacher


@pytest.fixture(scope="session")
def clip() -> Clip:
    """The recording with curves made from its phones: what the lips should do is known."""
    recording = data.demo_clip()
    audio = read(recording.path)
    curves = OracleTeacher().animate(audio, 16000, recording.phones).select(SPEECH_CONTROLS)
    return Clip(recording.text + "</script><b>", recording.licence, audio, 16000, curves, recording.phones)


@pytest.fixture(scope="session")
def page_path(clip, tmp_path_factory):
    path = tmp_path_factory.mktemp("a preview") / "page.html"
    preview.write(path, clip)
    return path


@pytest.fixture(scope="session")
def browser(launch):
    launched = launch("--disable-quic", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
    yield launched
    launched.close()
