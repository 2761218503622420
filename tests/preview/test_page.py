"""The page of `facelite preview` in a browser without a network: its head does what the curves say, seen in pixels."""

from __future__ import annotations

import re
import shutil
import struct
import zlib
from base64 import b64decode
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pygltflib
import pytest
from facelite import preview
from facelite.controls import ARKIT_52
from facelite.errors import BadInput
from facelite.export import glb

LIPS_MIDDLE, LIPS_HALF = 0.619, (0.065, 0.085)
"""Where the canvas shows the lips: height of their middle, half height and half width, in heights of the canvas."""
TURNED = """degrees => {
    facelite.viewer.turn(degrees);
    return document.querySelector("#face").toDataURL("image/png").split(",")[1];
}"""
"""The canvas as it was just drawn: read in the task that drew it, before a compositor that is late can matter."""


def test_it_is_one_file_without_a_network(page_path):
    text = page_path.read_text()
    assert not re.findall(r'(?:src|href)="(?!data:|#)', text)
    assert 'from "./' not in text
    assert "<b>" not in text.replace("\\u003cb\\u003e", "")
    assert page_path.stat().st_size < 2_500_000


@contextmanager
def _opened(browser, path, complaint: str = ""):
    """A page, opened offline; on leaving, it must have asked for nothing and logged nothing but `complaint`."""
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    for _ in range(1200):
        if page.evaluate("'facelite' in window"):
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail(f"the page never started: {complaints}")
    yield page
    assert [text for text in complaints if "GPU stall" not in text and not (complaint and complaint in text)] == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in requests)
    context.close()


@pytest.fixture(scope="module")
def opened(browser, page_path):
    with _opened(browser, page_path) as page:
        yield page


def _pixels(png: bytes) -> np.ndarray:
    """uint8 [height, width, channels] of an 8-bit PNG that is not interlaced (RFC 2083)."""
    width, height, depth, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", png, 16)
    assert (depth, interlace) == (8, 0)
    channels = {2: 3, 6: 4}[colour]
    data, offset = b"", 8
    while offset < len(png):
        size, kind = struct.unpack_from(">I4s", png, offset)
        data += png[offset + 8 : offset + 8 + size] if kind == b"IDAT" else b""
        offset += 12 + size
    lines = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + width * channels)
    picture = np.zeros((height + 1, (width + 1) * channels), np.int32)
    for row, line in enumerate(lines):
        kept, above, values = picture[row + 1], picture[row], line[1:].astype(np.int32)
        for column in range(channels, (width + 1) * channels):
            left, up, corner = kept[column - channels], above[column], above[column - channels]
            guess = {0: 0, 1: left, 2: up, 3: (left + up) // 2, 4: _paeth(left, up, corner)}[line[0]]
            kept[column] = (values[column - channels] + guess) & 255
    return picture[1:, channels:].reshape(height, width, channels)[..., :3].astype(np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    return min((left, up, corner), key=lambda value: abs(estimate - value))


def _inside(page, symbol: str, which: int = 0) -> float:
    """Share of the picture round the lips that shows teeth or the dark of the mouth, in the middle of a sound."""
    page.evaluate(
        """([symbol, which]) => {
          const phone = facelite.clip.phones.filter((one) => one.symbol === symbol)[which];
          facelite.seek((phone.start + phone.end) / 2);
        }""",
        [symbol, which],
    )
    box = page.locator("#face").bounding_box()
    tall, wide = (half * box["height"] for half in LIPS_HALF)
    middle = (box["x"] + box["width"] / 2, box["y"] + LIPS_MIDDLE * box["height"])
    clip = {"x": middle[0] - wide, "y": middle[1] - tall, "width": 2 * wide, "height": 2 * tall}
    picture = _pixels(page.screenshot(clip=clip)).astype(int)
    brightest, darkest = picture.max(-1), picture.min(-1)
    teeth = (darkest > 165) & (brightest - darkest < 35)
    dark = picture[..., 1] < 70  # skin and lips in their deepest shade have more green than that
    return float((teeth | dark).mean())


@pytest.mark.program("chromium")
def test_lips_are_shut_on_p_b_m_and_open_on_vowels(opened):
    shut = [_inside(opened, "P"), _inside(opened, "B"), _inside(opened, "M")]
    parted = [_inside(opened, "AA"), _inside(opened, "AE")]
    assert max(shut) < 0.004
    assert min(parted) > 0.06


@pytest.mark.program("chromium")
def test_teeth_show_on_f(opened):
    assert 0.005 < _inside(opened, "F") < _inside(opened, "AA")


@pytest.mark.program("chromium")
def test_weights_are_the_curves_at_that_time(opened, clip):
    opened.evaluate("facelite.seek(2.0)")
    row = clip.curves.values[round(2.0 * clip.curves.frame_rate)]
    shown = [opened.evaluate("name => facelite.viewer.weight(name)", name) for name in clip.curves.controls]
    np.testing.assert_allclose(shown, row, atol=1e-6)
    assert opened.evaluate("facelite.viewer.weight('browInnerUp')") == 0


@pytest.mark.program("chromium")
def test_it_plays_with_its_sound(opened, clip):
    assert opened.evaluate("document.querySelector('audio').duration") == pytest.approx(clip.seconds, abs=0.01)
    opened.evaluate("facelite.seek(0)")
    opened.click("#play")
    for _ in range(200):
        if opened.evaluate("facelite.time() > 0.2"):
            break
        opened.wait_for_timeout(50)
    else:
        pytest.fail("the play position never moved")
    opened.click("#play")


@pytest.mark.program("chromium")
def test_a_turned_head_is_another_picture(opened):
    opened.evaluate("facelite.seek(2.0)")  # it stands still there, whatever was played before
    front, turned, back = (_pixels(b64decode(opened.evaluate(TURNED, degrees))).astype(int) for degrees in (0, 60, 0))
    assert np.abs(turned - front).mean() > 2
    np.testing.assert_array_equal(back, front)


@pytest.mark.program("chromium")
def test_another_head_can_be_dropped_in(browser, clip, tmp_path):
    _head_with(tmp_path / "theirs.glb", lambda name: "jawOpen" if name == "mouthFunnel" else f"x{name}")
    preview.write(tmp_path / "theirs.html", clip, tmp_path / "theirs.glb")
    with _opened(browser, tmp_path / "theirs.html") as page:
        page.evaluate("facelite.seek(2.0)")
        shown = page.evaluate("facelite.viewer.weight('jawOpen')")
        assert shown == pytest.approx(float(clip.curves.select(("jawOpen",)).values[125, 0]), abs=1e-6)
        assert page.evaluate("facelite.viewer.weight('mouthClose')") == 0


@pytest.mark.program("chromium")
def test_without_webgl_it_says_so_and_still_plays(browser, page_path):
    blind = browser.browser_type.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
    )
    with _opened(blind, page_path, complaint="WebGL") as page:
        assert "cannot be shown" in page.inner_text(".no-face")
        page.evaluate("facelite.seek(1)")
        assert page.inner_text("#clock").startswith("1.00")
    blind.close()


def test_a_head_that_moves_by_none_of_the_curves_is_refused(clip, tmp_path):
    _head_with(tmp_path / "theirs.glb", lambda name: f"x{name}")
    with pytest.raises(BadInput, match=r"theirs\.glb: no morph target"):
        preview.write(tmp_path / "theirs.html", clip, tmp_path / "theirs.glb")


def _head_with(path: Path, rename: Callable[[str], str]) -> None:
    """Our head with other names for its targets, written by another library."""
    path.write_bytes(glb.head_bytes())
    theirs = pygltflib.GLTF2().load(str(path))
    theirs.meshes[0].extras["targetNames"] = [rename(name) for name in ARKIT_52]
    theirs.save(str(path))
