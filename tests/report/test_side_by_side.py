"""The page that plays teacher and students side by side, in a browser without a network."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from facelite.evaluation.references import references
from facelite.evaluation.spec import Row, TableSpec
from facelite.evaluation.speech import open_speech
from facelite.evaluation.subjects import TEACHER, Subject
from facelite.evaluation.table import Opened, fill
from facelite.report.side_by_side import chosen_clips, write
from facelite.teachers.oracle import OracleTeacher

CONTROLS = ("jawOpen", "mouthClose", "mouthPressLeft", "mouthPressRight", "mouthFunnel")
NAME = "half </script><b>open"


def _half(pcm, phones):
    """Everything that the oracle does, by half."""
    if all(phone.symbol == "SIL" for phone in phones):
        return np.zeros((-(-len(pcm) // 256), len(CONTROLS)), np.float32)
    return OracleTeacher().animate(pcm, 16000, phones).select(CONTROLS).values / 2


@pytest.fixture(scope="module")
def spoken():
    clips = open_speech(Path(__file__).parents[1] / "data" / "emodb").clips
    return references(clips[::25])


@pytest.fixture(scope="module")
def page_file(spoken, tmp_path_factory):
    subject = Subject("half", TEACHER, CONTROLS, 256, False, 1024, 10, 40, _half)
    spec = TableSpec(title="Two & more", corpora=("x",), row=(Row(name=NAME, students=("half",)),))
    table = fill(spec, [Opened(spec.row[0], [[subject]])], spoken, (), lambda *_: None)
    return write(tmp_path_factory.mktemp("a page") / "page.html", table, [(NAME, subject)], spoken)


@pytest.fixture(scope="module")
def data(page_file):
    return json.loads(re.search(r'id="data">(.*?)</script>', page_file.read_text(), re.DOTALL)[1])


def test_it_refers_to_nothing_outside_itself(page_file):
    text = page_file.read_text()
    assert not re.findall(r'(?:src|href)="(?!data:|#)', text)
    assert all(loader not in text for loader in ("@import", "fetch(", "XMLHttpRequest", "import("))
    assert "<b>open" not in text
    assert "Two &amp; more" in text


def test_sound_and_curves_are_the_recordings(data, spoken):
    assert [subject["name"] for subject in data["subjects"]] == ["oracle", NAME]
    for clip, reference in zip(data["clips"], chosen_clips(spoken), strict=True):
        sound, rate = soundfile.read(io.BytesIO(base64.b64decode(clip["sound"])), dtype="int16")
        assert rate == 16000
        np.testing.assert_array_equal(sound, reference.samples)
        teacher, half = (
            np.frombuffer(base64.b64decode(curves), np.uint8).reshape(clip["frames"], -1) / 255
            for curves in clip["curves"]
        )
        expected = reference.curves.select(CONTROLS).values[: clip["frames"]]
        np.testing.assert_allclose(teacher, expected, atol=0.51 / 255)
        np.testing.assert_allclose(half, expected / 2, atol=0.51 / 255)


def test_recordings_come_from_every_group_and_have_closures(spoken):
    from dataclasses import replace

    others = [replace(one, clip=replace(one.clip, source="other")) for one in spoken]
    chosen = chosen_clips([*spoken, *others])
    assert {one.group for one in chosen} == {"emodb/test", "other/test"}
    assert len(chosen[0].closures) == max(len(one.closures) for one in spoken)


@pytest.fixture(scope="module")
def opened(browser, page_file):
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 900}, color_scheme="dark")
    page = context.new_page()
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(page_file.as_uri())
    yield page
    assert complaints == []
    assert all(url.startswith(("file:", "data:")) for url in requests)
    context.close()


# The height of each face's drawn opening, inside the shadow root that keeps its ids apart.
OPENINGS = """() => [...document.querySelectorAll(".portrait")].map(
  (stage) => stage.shadowRoot.querySelector("#mouth-inner").getBBox().height)"""


@pytest.mark.program("chromium")
def test_each_face_is_its_own(opened, data):
    phones = data["clips"][0]["phones"]
    middle = {phone["symbol"]: (phone["start"] + phone["end"]) / 2 for phone in phones}
    opened.evaluate("time => facelite.seek(time)", middle["AA"])
    teacher, half = opened.evaluate(OPENINGS)
    assert teacher > 1.5 * half > 3
    opened.evaluate("time => facelite.seek(time)", middle["P" if "P" in middle else "B"])
    assert max(opened.evaluate("facelite.lipGaps()")) < 0.02


@pytest.mark.program("chromium")
def test_it_plays_with_its_sound_and_seeks(opened, data):
    seconds = data["clips"][0]["seconds"]
    assert opened.evaluate("document.querySelector('audio').duration") == pytest.approx(seconds, abs=0.01)
    opened.evaluate("facelite.seek(0)")
    opened.click("#play")
    for _ in range(200):
        if opened.evaluate("facelite.time()") > 0.2:
            break
        opened.wait_for_timeout(20)
    else:
        pytest.fail("the play position never moved")
    opened.evaluate("document.querySelector('audio').pause()")
    box = opened.locator("#plot").bounding_box()
    opened.mouse.click(box["x"] + 150 + (box["width"] - 194) / 2, box["y"] + 100)
    assert opened.evaluate("facelite.time()") == pytest.approx(seconds / 2, abs=0.02)
    opened.evaluate("document.activeElement.blur()")
    opened.keyboard.press("ArrowRight")
    assert opened.evaluate("facelite.time()") == pytest.approx(seconds / 2 + 1 / 62.5, abs=0.02)


@pytest.mark.program("chromium")
def test_recordings_and_curves_can_be_chosen(opened, data):
    picture = "document.querySelector('#plot').toDataURL()"
    before = opened.evaluate(picture)
    opened.select_option("#curve", "mouthFunnel")
    funnel = opened.evaluate(picture)
    opened.select_option("#recording", "1")
    assert len({before, funnel, opened.evaluate(picture)}) == 3
    assert data["clips"][1]["source"] in opened.inner_text("#about")


@pytest.mark.program("chromium")
def test_both_themes_repaint_the_plot(opened):
    def seen():
        return opened.evaluate(
            "[getComputedStyle(document.body).backgroundColor, document.querySelector('#plot').toDataURL()]"
        )

    dark = seen()
    opened.click("#theme")
    light = seen()
    opened.click("#theme")
    assert dark[0] != light[0]
    assert dark[1] != light[1]
    assert seen() == dark
