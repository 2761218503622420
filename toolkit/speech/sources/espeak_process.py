"""espeak-ng in a process of its own, each utterance by a fresh fork of it.

The library carries state from one utterance into the next (147 of 150 sentences came out differently in another
order, 1.51), and ending and starting it again hangs. A fork of a process that has started the library and never
spoken is always in the same state, so an utterance depends on its own parameters alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Any, cast

import numpy as np

from ...errors import FaceliteError
from ...teachers.protocol import Phone
from . import libespeak
from .libespeak import Library, Speech


class Process:
    """A waiting espeak-ng; `speak` may be called any number of times.

    Attributes
    ----------
    version
        Of the library; others speak differently.

    Raises
    ------
    MissingDependency
        libespeak-ng is not installed.
    """

    def __init__(self) -> None:
        self.version = libespeak.version()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._into = cast(IO[bytes], self._process.stdin)
        self._out = cast(IO[bytes], self._process.stdout)

    def speak(self, text: str, voice: str, variant: str, rate: int, pitch: int, spread: int) -> Speech | None:
        """See `libespeak.Library.speak`."""
        request = {"text": text, "voice": voice, "variant": variant, "rate": rate, "pitch": pitch, "spread": spread}
        try:
            self._into.write(json.dumps(request).encode() + b"\n")
            self._into.flush()
            head = json.loads(self._out.readline())
            samples = np.frombuffer(self._out.read(head["bytes"]), np.float32)
        except (OSError, ValueError) as error:
            raise FaceliteError(f"espeak-ng stopped while speaking {text!r} in {voice}+{variant}") from error
        if not head["known"]:
            return None
        return Speech(samples, head["sample_rate"], [Phone(*label) for label in head["labels"]])

    def close(self) -> None:
        """End the process."""
        self._into.close()
        self._process.wait()
        self._out.close()

    def __del__(self) -> None:
        if hasattr(self, "_process") and self._process.poll() is None:
            self.close()


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer requests, one JSON line each, until the other side goes away."""
    library = Library()
    for request in requests:
        child = os.fork()
        if child == 0:
            _answer(library, json.loads(request), replies)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            return


def _answer(library: Library, request: Mapping[str, Any], replies: IO[bytes]) -> None:
    speech = library.speak(**request)
    samples = b"" if speech is None else speech.samples.tobytes()
    head: dict[str, Any] = {"known": speech is not None, "bytes": len(samples)}
    if speech is not None:
        labels = [[label.start, label.end, label.symbol] for label in speech.labels]
        head |= {"sample_rate": speech.sample_rate, "labels": labels}
    replies.write(json.dumps(head).encode() + b"\n" + samples)
    replies.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
