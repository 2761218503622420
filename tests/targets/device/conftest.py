"""A build for this machine, a real SSH server on loopback, and a folder that starts programs which die."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from facelite.targets.cross import build

HERE = {"x86_64": "steam-deck", "aarch64": "pi-4"}.get(platform.machine(), "")
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/pid
StrictModes no
UsePAM no
{more}
"""


@pytest.fixture(scope="session")
def here() -> str:
    """A target of this machine's architecture."""
    if not HERE:
        pytest.skip(f"no target is {platform.machine()}")
    return HERE


@pytest.fixture(scope="session")
def built(once, shipped_bundle, here) -> Path:
    """The shipped student built for this machine by its own compiler."""
    return once("built for this machine", lambda folder: build(shipped_bundle, here, folder, "linux", "gcc") and None)


@pytest.fixture
def ssh_server(tmp_path, monkeypatch) -> Iterator[Callable[..., str]]:
    """`ssh_server(more)` starts sshd with further lines of configuration and gives the `--via` of it."""
    running: list[subprocess.Popen] = []
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd separates its privileges

    def start(more: str = "") -> str:
        for name in ("host", "user"):
            keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name]
            subprocess.run(keygen, check=True, stdin=subprocess.DEVNULL)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        (tmp_path / "sshd_config").write_text(CONFIG.format(port=port, folder=tmp_path, more=more))
        sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        running.append(subprocess.Popen([sshd, "-D", "-f", tmp_path / "sshd_config"], stderr=subprocess.DEVNULL))
        _wait_for(port)
        options = ["-p", str(port), "-i", str(tmp_path / "user"), "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"]
        unknown = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        monkeypatch.setenv("FACELITE_SSH", " ".join(["ssh", *options, *unknown]))
        return "ssh:127.0.0.1"

    yield start
    for server in running:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise TimeoutError("sshd did not start")


@pytest.fixture
def wrapper(tmp_path) -> Callable[[str], str]:
    """`wrapper(code)`: the `--via` of a Python program that gets the command line to run as its arguments."""

    def make(code: str) -> str:
        path = tmp_path / "wrapper.py"
        path.write_text("import os, signal, subprocess, sys\ncommand = sys.argv[1:]\n" + code)
        return f"exec:{shlex.quote(sys.executable)} {shlex.quote(str(path))}"

    return make
