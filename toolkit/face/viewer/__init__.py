"""The head in a browser: an ES module over three.js, as files for a web page or inside a single one.

`three.js` is a bundle of what `viewer.js` imports from that library; `make viewer-three` makes it again from the
versions that bundle/package-lock.json pins. Nothing of Node is needed to use it.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

from ...atomic import write_bytes

_HERE = Path(__file__).parent
_MODULES = ("three.js", "viewer.js")
_BESIDE = ("viewer.d.ts", "three.LICENSE.txt")


def copy(folder: str | Path) -> list[Path]:
    """Put the module, its types, three.js and its licence into `folder`; returns the files."""
    files = [Path(folder) / name for name in (*_MODULES, *_BESIDE)]
    for file in files:
        write_bytes(file, (_HERE / file.name).read_bytes())
    return files


def import_map() -> dict[str, dict[str, str]]:
    """An import map under which a page without a server imports ``"facelite/viewer.js"``.

    Modules from ``data:`` addresses cannot import each other by relative names, so those become ``facelite/…`` too.
    """
    return {"imports": {f"facelite/{name}": _data_url(_HERE / name) for name in _MODULES}}


def _data_url(module: Path) -> str:
    text = re.sub(r'(\bfrom ")\./', r"\1facelite/", module.read_text("utf-8"))
    return "data:text/javascript;base64," + base64.b64encode(text.encode()).decode("ascii")
