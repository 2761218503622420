"""Pages of the site that lie outside docs/: they keep their place in the repository and their links."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PAGES = {
    "README.md": "readme.md",
    "HACKING.md": "hacking.md",
    "CHANGELOG.md": "changelog.md",
    "examples/README.md": "engines.md",
    "kernels/include/facelite/facelite.h": "c_api.md",
    **{
        str(card.relative_to(ROOT)): f"cards/{card.parent.name}.md"
        for card in ROOT.glob("toolkit/weights/*/MODEL_CARD.md")
    },
}
"""Path in the repository -> page of the site."""

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")
IMAGE = re.compile(r"(!\[[^\]]*\]\()(?!https?:)([^)\s]+)\)")


def relink(markdown: str, source: str, page: str) -> str:
    """`markdown` of `source` (a path in the repository) with its links as `page` of the site needs them.

    A link to a file that is no page of the site keeps its text and loses the link.
    """

    def link(found: re.Match[str]) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        where = site_page(posixpath.normpath(posixpath.join(posixpath.dirname(source), target)))
        return f"[{text}]({relative(where, page)}{anchor})" if where else text

    def image(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), found[2]))
        return f"{found[1]}{relative(target.removeprefix('docs/'), page)})"

    return IMAGE.sub(image, LINK.sub(link, markdown))


def site_page(path: str) -> str | None:
    """The page of a file of the repository; None if it has none."""
    if path in PAGES:
        return PAGES[path]
    return path.removeprefix("docs/") if path.startswith("docs/") and path.endswith(".md") else None


def relative(target: str, page: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(page) or ".")
