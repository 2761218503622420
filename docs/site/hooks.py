"""What MkDocs calls while it builds the site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))

import c_api
import repository


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Adds the pages that lie outside docs/, and the C API."""
    for source, page in repository.PAGES.items():
        files.append(File.generated(config, page, content=_content(source, page)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links out of docs/ lead to the pages added above."""
    if page.file.generated_by:
        return markdown
    return repository.relink(markdown, f"docs/{page.file.src_uri}", page.file.src_uri)


def _content(source: str, page: str) -> str:
    path = repository.ROOT / source
    if path.suffix == ".h":
        return c_api.page(sorted(path.parent.glob("*.h")))
    return repository.relink(path.read_text(), source, page)
