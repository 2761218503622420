"""Serves a folder to this computer alone."""

from __future__ import annotations

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ..errors import BadInput


class _Handler(SimpleHTTPRequestHandler):
    # Some systems register other types for these, and a browser refuses modules under them.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript", ".wasm": "application/wasm"}

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """A line for each file is noise."""


class Server(ThreadingHTTPServer):
    """An HTTP server on this computer's loopback address; `serve_forever` runs it."""

    daemon_threads = True

    @property
    def address(self) -> str:
        """What a browser opens; browsers allow the microphone there, as the loopback address counts as secure."""
        return f"http://localhost:{self.server_port}/"


def server(folder: str | Path, port: int = 0) -> Server:
    """A server for `folder`, a context manager that closes it.

    Raises
    ------
    BadInput
        The port is taken, or not allowed.
    """
    handler = functools.partial(_Handler, directory=str(folder))
    try:
        return Server(("127.0.0.1", port), handler)
    except OSError as error:
        raise BadInput(f"port {port}", error.strerror or str(error), "choose another with --port") from None
