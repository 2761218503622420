"""report.html in a browser without a network: it plays, and the face does what the curves say."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
from facelite import data

pytestmark = pytest.mark.program("chromium")

# The opening between the lips as the browser draws it: the polygon's area by the shoelace formula, in SVG units.
DRAWN_AREA = """() => {
  const path = document.querySelector("#mouth-inner");
  const length = path.getTotalLength();
  const points = Array.from({length: 400}, (_, i) => path.getPointAtLength(length * i / 400));
  return Math.abs(points.reduce((sum, p, i) => {
    const q = points[(i + 1) % points.length];
    return sum + p.x * q.y - q.x * p.y;
  }, 0)) / 2;
}"""


@pytest.fixture(scope="module")
def opened(browser, page_path):
    with _opened(browser, page_path) as page:
        yield page


@contextmanager
def _opened(browser, path):
    """A page, opened offline; on leaving, it must have logged nothing and asked for nothing."""
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert complaints == []
    assert all(url.startswith(("file:", "data:")) for url in requests)
    context.close()


def _gap(page, seconds: float) -> tuple[float, float]:
    """What the page says the lip gap is, and the drawn opening's area."""
    page.evaluate("seconds => facelite.seek(seconds)", seconds)
    return page.evaluate("facelite.lipGap()"), page.evaluate(DRAWN_AREA)


def _wait_for(page, condition: str) -> None:
    """Polls: the page's own policy forbids the eval that playwright's wait_for_function is made of."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {condition}")


def test_lips_meet_on_p_b_m_and_part_on_open_vowels(opened, clip):
    shut = [phone for phone in clip.phones if phone.symbol in ("P", "B", "M")]
    open_vowels = [phone for phone in clip.phones if phone.symbol in ("AA", "AE", "AO", "AY")]
    assert len(shut) >= 5
    assert len(open_vowels) >= 3
    for phone in shut:
        gap, area = _gap(opened, (phone.start + phone.end) / 2)
        assert gap < 0.02, phone
        assert area < 60, phone
    for phone in open_vowels:
        gap, area = _gap(opened, (phone.start + phone.end) / 2)
        assert gap > 0.08, phone
        assert area > 400, phone


def test_the_shipped_students_lips_are_shut_on_p_b_m_far_more_than_on_vowels(browser, demo):
    phones = data.demo_clip().phones
    with _opened(browser, demo / "report.html") as page:

        def gaps(symbols: str) -> list[float]:
            middles = [(phone.start + phone.end) / 2 for phone in phones if phone.symbol in symbols.split()]
            return [_gap(page, middle)[0] for middle in middles]

        shut, parted = gaps("P B M"), gaps("AA AE AO AY EH")
    assert np.median(shut) < 0.5 * np.median(parted)


@pytest.mark.parametrize(
    ("control", "part", "grows"),
    [
        ("jawOpen", "#head", "height"),
        ("mouthSmileLeft", "#lip-lower", "width"),
        ("mouthFunnel", "#lip-upper", "height"),
    ],
)
def test_controls_move_what_they_are_named_for(opened, control, part, grows):
    measure = f"document.querySelector('{part}').getBBox().{grows}"
    opened.evaluate("facelite.pose({})")
    rest = opened.evaluate(measure)
    opened.evaluate("name => facelite.pose({[name]: 1})", control)
    assert opened.evaluate(measure) > rest + 1


def test_a_pucker_narrows_and_a_closure_seals(opened):
    width = "document.querySelector('#lip-upper').getBBox().width"
    opened.evaluate("facelite.pose({})")
    rest = opened.evaluate(width)
    opened.evaluate("facelite.pose({mouthPucker: 1})")
    assert opened.evaluate(width) < 0.7 * rest
    opened.evaluate("facelite.pose({jawOpen: 0.6})")
    assert opened.evaluate("facelite.lipGap()") > 0.2
    opened.evaluate("facelite.pose({jawOpen: 0.6, mouthClose: 0.6})")
    assert opened.evaluate("facelite.lipGap()") == 0


def test_it_plays_stops_and_steps_with_the_sound(opened, clip):
    assert opened.evaluate("document.querySelector('audio').duration") == pytest.approx(clip.seconds, abs=0.01)
    opened.evaluate("facelite.seek(0)")
    opened.click("#play")
    _wait_for(opened, "facelite.time() > 0.3")
    opened.click("#play")
    _wait_for(opened, "document.querySelector('audio').paused")
    opened.evaluate("facelite.seek(1)")
    opened.evaluate("document.activeElement.blur()")
    opened.keyboard.press("ArrowRight")
    assert opened.evaluate("facelite.time()") == pytest.approx(1 + 1 / 62.5)


def test_clicking_the_overview_seeks(opened, clip):
    box = opened.locator("#timeline").bounding_box()
    opened.mouse.click(box["x"] + box["width"] / 2 + 40, box["y"] + 20)
    assert 0.3 * clip.seconds < opened.evaluate("facelite.time()") < 0.7 * clip.seconds


def test_the_face_is_on_a_laptop_screen_at_once(opened):
    opened.evaluate("scrollTo(0, 0)")
    box = opened.locator("#mouth").bounding_box()
    assert 0 < box["y"] < box["y"] + box["height"] < 768


def test_both_themes_can_be_had(opened):
    colours = []
    for _ in range(2):
        colours.append(opened.evaluate("getComputedStyle(document.body).backgroundColor"))
        opened.click("#theme")
    assert colours[0] != colours[1]
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == colours[0]
