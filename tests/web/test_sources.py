"""The page's buttons, however quickly they are pressed: one sound at a time, and no microphone that nobody wants."""

from __future__ import annotations

import json
import shutil

import pytest

pytestmark = pytest.mark.program("chromium")

MICROPHONE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
ASK = """() => { // the browser asks for the microphone until the test allows it
    const give = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        await new Promise((allow) => { live.allow = allow; });
        const media = await give(wanted);
        live.tracks = media.getTracks();
        return media;
    };
}"""
SILENT = """() => { // a stream without sound
    navigator.mediaDevices.getUserMedia = async () => {
        const media = document.createElement("canvas").captureStream();
        live.tracks = media.getTracks();
        return media;
    };
}"""
COUNT = """() => {
    live.begun = 0;
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function () { live.begun += 1; start.call(this); };
}"""
ENDED = "live.tracks && live.tracks.every((track) => track.readyState === 'ended')"


def test_a_clip_overtakes_a_microphone_that_is_not_yet_allowed(opened, address):
    with opened(address, *MICROPHONE) as page:
        page.evaluate(ASK)
        page.click("#microphone")
        page.wait_for_function("!!live.allow")
        page.click("#clips button")
        page.wait_for_selector("#clips button.on")
        page.evaluate("live.allow()")
        page.wait_for_function(ENDED)
        assert page.locator("#clips button.on").count() == 1  # the clip goes on
        assert page.locator("#microphone.on").count() == 0


def test_stop_takes_back_a_microphone_that_is_not_yet_allowed(opened, address):
    with opened(address, *MICROPHONE) as page:
        page.evaluate(ASK)
        page.click("#microphone")
        page.wait_for_function("!!live.allow")
        page.click("#stop", timeout=5000)
        page.evaluate("live.allow()")
        page.wait_for_function(ENDED, timeout=5000)
        assert page.locator("button.on").count() == 0
        assert page.is_disabled("#stop")


def test_a_microphone_that_cannot_be_heard_is_given_back(opened, address):
    """Firefox hears none of another rate than the context's, and no browser one without sound."""
    with opened(address) as page:
        page.evaluate(SILENT)
        page.click("#microphone")
        page.wait_for_selector("#said.bad")
        assert page.evaluate(ENDED)
        assert page.is_disabled("#stop")


def test_a_clip_pressed_twice_plays_once(opened, address):
    with opened(address) as page:
        page.evaluate(COUNT)
        page.click("#keep")  # a browser makes no sound before something is pressed
        page.evaluate(
            "for (const button of document.querySelectorAll('#clips button')) { button.click(); button.click(); }"
        )
        page.wait_for_selector("#clips li:last-child button.on")
        page.wait_for_function("live.speech.now > 0.5")
        assert page.evaluate("live.begun") == 1
        assert page.locator("button.on").count() == 1


def test_a_clip_of_any_name_is_found(opened, folder, served, tmp_path):
    site = shutil.copytree(folder, tmp_path / "site")
    told = json.loads((site / "site.json").read_text())
    clip = told["clips"][0]
    clip["file"] = str((site / clip["file"]).rename(site / "why? #1, 100%2F.flac").name)
    (site / "site.json").write_text(json.dumps(told))
    with opened(served(site)) as page:
        page.click("#clips button")
        page.wait_for_selector("#clips button.on, #said.bad")
        assert page.locator("#clips button.on").count() == 1, page.inner_text("#said")
