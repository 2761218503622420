"""report.html as a file: it needs nothing else, and what is inside it is exact."""

from __future__ import annotations

import base64
import io
import json
import re
import wave
from html.parser import HTMLParser

import numpy as np
import pytest
from facelite import report


class _Page(HTMLParser):
    """Collects every address that a page refers to, and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts: dict[str, str] = {}
        self.tags: list[str] = []
        self._script: str | None = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.addresses += [found[key] for key in ("src", "href", "srcset", "action", "data") if found.get(key)]
        if tag == "script":
            self._script = found.get("id", "code")

    def handle_endtag(self, tag):
        if tag == "script":
            self._script = None

    def handle_data(self, text):
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + text


@pytest.fixture(scope="module")
def page(page_path) -> _Page:
    return _Page(page_path.read_text())


def test_it_refers_to_nothing_outside_itself(page):
    assert page.addresses
    assert all(address.startswith(("data:", "#")) for address in page.addresses)
    for loader in ("@import", "fetch(", "XMLHttpRequest", "import("):
        assert loader not in page.scripts["code"]


def test_curves_and_sound_are_the_clip_to_the_bit(page, clip):
    packed = json.loads(page.scripts["clip"])
    values = np.frombuffer(base64.b64decode(packed["curves"]), "<f4").reshape(-1, len(packed["controls"]))
    np.testing.assert_array_equal(values, clip.curves.values)
    sound = next(address for address in page.addresses if address.startswith("data:audio/wav;base64,"))
    with wave.open(io.BytesIO(base64.b64decode(sound.partition(",")[2]))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    np.testing.assert_allclose(samples / 32768, clip.audio, atol=0.5001 / 32768)


def test_names_cannot_break_out_of_the_page(page, clip):
    assert json.loads(page.scripts["clip"])["name"] == clip.name
    assert page.tags.count("script") == 2
    assert "student" not in page.tags  # the student is called "small <student>"


def test_a_report_without_a_clip_has_no_player(student, graph, tmp_path):
    page = _Page(report.write(tmp_path, report.collect(student, graph)).read_text())
    assert "clip" not in page.scripts
    assert not {"audio", "canvas"} & set(page.tags)


def test_a_broken_limit_is_shown_as_broken(facts, student, clip):
    verdict = json.loads(json.dumps(facts["verdicts"][0]))
    verdict["holds"] = False
    verdict["checks"][0] |= {"holds": False, "state": "broken", "share": 1.2}
    shown = report.render({**facts, "verdicts": [verdict]})
    assert "does not fit" in shown
    assert "120 %" in shown
    assert "fits 0 of 1 targets" in shown


def test_one_differing_value_marks_its_pair_of_runtimes(facts):
    def row(runtime: str, signal: str, different: int) -> dict:
        pair = {"runtime": runtime, "reference": "LiteRT reference", "signal": signal}
        return {**pair, "compared": 1000, "different": different, "largest": different, "holds": different == 0}

    rows = [row("C kernel, ref", "speech", 0), row("C kernel, avx2", "speech", 1), row("C kernel, avx2", "silence", 0)]
    proof = {"about": "", "holds": False, "rows": rows}
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", report.render({**facts, "proof": proof}).partition("agree?")[2])
    assert cells[:7] == ["C kernel, ref", "LiteRT reference", "speech", "1,000", "0", "0", "equal"]
    assert cells[7:14] == ["C kernel, avx2", "LiteRT reference", "speech, silence", "2,000", "1", "1", "differs"]
