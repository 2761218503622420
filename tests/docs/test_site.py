"""The site: it builds without a warning, asks no other host, and its C reference lacks nothing of the headers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEADERS = sorted((ROOT / "kernels" / "include" / "facelite").glob("*.h"))


class Page(HTMLParser):
    """The ids of a page, and the addresses that a browser asks for to show it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.loaded: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        if tag in ("script", "img", "iframe", "source") or (tag == "link" and found.get("rel") != "canonical"):
            self.loaded += [address for key in ("src", "href") if (address := found.get(key))]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    return folder


def test_no_page_asks_another_host(site):
    pages = {path.name: Page(path) for path in site.rglob("*.html")}
    assert {"index.html", "start.html", "engines.html", "faq.html", "c_api.html"} <= set(pages)
    foreign = {name: [one for one in page.loaded if re.match(r"(https?:)?//", one)] for name, page in pages.items()}
    assert {name: found for name, found in foreign.items() if found} == {}


def test_everything_that_the_headers_declare_is_in_the_reference(site):
    text = "".join(header.read_text() for header in HEADERS)
    functions = set(re.findall(r"^FACELITE_API [^;(]*?\b(facelite_\w+)\(", text, re.MULTILINE))
    types = set(re.findall(r"^\} (facelite_\w+);|^typedef struct \w+ (facelite_\w+);", text, re.MULTILINE))
    names = functions | {name for found in types for name in found if name}
    assert len(functions) > 25
    assert len(names) > len(functions) + 4
    assert names - Page(site / "c_api.html").ids == set()
