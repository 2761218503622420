"""Takes README's picture: `python docs/images/picture.py out/report.html` writes report.png beside this file."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SIZE = {"width": 1366, "height": 870}


def take(page_file: Path, picture: Path) -> None:
    """Open a report in Chromium without a network and photograph its first screen."""
    with sync_playwright() as session:
        browser = session.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(offline=True, viewport=SIZE, color_scheme="light").new_page()
        page.goto(page_file.resolve().as_uri())
        page.wait_for_timeout(300)
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(__file__).with_name("report.png"))
