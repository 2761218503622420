"""The kernel's web modules, built once, and Node to run them in; the page, served, and Chromium to open it in."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from facelite.web import kernel, serve, site

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "toolkit" / "web" / "static"
WATCH = """() => {
    live.got = [];
    live.speech.onframe = (index, values) => {
        if (index === 0) live.got = [];
        live.got.push(...values);
    };
    const play = live.speech.play.bind(live.speech);
    live.speech.play = (source, options) => play(source, { ...options, keep: true });
}"""


@pytest.fixture(scope="session")
def modules(once) -> Path:
    """A folder with the kernel's two modules and the page's scripts, as Node wants to import them."""

    def make(folder: Path) -> None:
        kernel.build(folder)
        for script in STATIC.glob("*.js"):
            (folder / script.name).write_bytes(script.read_bytes())
        (folder / "package.json").write_text('{"type": "module"}')

    return once("web modules", make)


@pytest.fixture
def node(modules, tmp_path) -> Callable[..., Any]:
    """`node(script, *arguments)`: runs an ES module beside facelite.js; returns the JSON that it prints."""

    def run(script: str, *arguments: object) -> Any:
        program = tmp_path / "program.mjs"
        program.write_text(script.replace("FOLDER", modules.as_uri()))
        # Relaxed SIMD is an experiment in Node 20, whose first compiler gets it wrong (docs/platforms.md).
        options = ["--no-warnings", "--experimental-wasm-relaxed-simd", "--no-liftoff"]
        done = subprocess.run(
            ["node", *options, program, *map(str, arguments)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def folder(once, shipped_bundle) -> Path:
    """The page of the shipped student."""
    return once("web page", lambda folder: site.build(folder, shipped_bundle))


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[[Path], str]]:
    """`served(folder)` gives the address at which a folder is served until the module's tests are over."""
    with ExitStack() as servers:

        def served(folder: Path) -> str:
            server = servers.enter_context(serve.server(folder))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers.callback(server.shutdown)
            return server.address

        yield served


@pytest.fixture(scope="module")
def address(folder, served) -> str:
    return served(folder)


@pytest.fixture
def opened(launch):
    """`with opened(address, *options) as page`: in a Chromium of its own; small, since no graphics card draws it."""

    @contextmanager
    def opened(address: str, *options: str, width: int = 640, height: int = 240) -> Iterator[Any]:
        problems: list[str] = []
        requests: list[str] = []
        with closing(launch(*options)) as browser:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("request", lambda request: requests.append(request.url))
            page.goto(address)
            page.wait_for_selector("body[data-ready]", timeout=120_000)
            page.evaluate(WATCH)
            yield page
        assert problems == []
        assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []

    return opened
