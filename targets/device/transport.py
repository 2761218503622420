"""Ways to a device: this machine, an emulator or any command in front of the program, SSH, adb."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from facelite.errors import BadInput, FaceliteError, MissingDependency

WAYS = "local, qemu[:CPU], ssh:HOST, adb[:SERIAL], exec:COMMAND"

SSH = "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
"""How SSH is called; the environment variable FACELITE_SSH says otherwise, as GIT_SSH_COMMAND does for git."""

CLEANING = 10.0
"""Seconds that a device is given to remove the folder; one that is frozen keeps it."""


@dataclass(frozen=True)
class Answer:
    """How a program ended."""

    code: int
    stdout: str
    stderr: str


class Lost(FaceliteError):
    """The device stopped answering."""


class Device(Protocol):
    """A folder on a device, and programs that run in it.

    `emulated` tells that times mean nothing there. Everything raises `Lost` when the device does not answer.
    """

    name: str
    emulated: bool

    def send(self, file: Path) -> None:
        """Copy a file into the folder, under its own name, as a program."""
        ...

    def run(self, program: str, *arguments: str, timeout: float) -> Answer:
        """Run a program that was sent, inside the folder."""
        ...

    def fetch(self, name: str) -> bytes:
        """What a file of the folder holds."""
        ...

    def close(self) -> None:
        """Remove the folder; never fails."""
        ...


def connect(via: str) -> Device:
    """The device that `--via` names.

    Raises
    ------
    BadInput
        It is none of `WAYS`.
    MissingDependency
        The program for that way is not installed.
    Lost
        The device does not answer.
    """
    kind, _, rest = via.partition(":")
    match kind:
        case "local" if not rest:
            return Here("local", ())
        case "qemu":
            return Here(
                f"qemu {rest}".strip(),
                (_installed("qemu-aarch64", "qemu-user"), *(("-cpu", rest) if rest else ())),
                True,
            )
        case "exec" if rest:
            return Here(rest, tuple(_absolute(word) for word in _words("--via", rest)))
        case "ssh" if rest:
            return Ssh(rest)
        case "adb":
            return Adb(rest)
    raise BadInput("--via", f"{via!r} is no way to a device", f"ways: {WAYS}")


class Here:
    """This machine, with `prefix` in front of every program: an emulator, wine, a launcher of the studio's."""

    def __init__(self, name: str, prefix: tuple[str, ...], emulated: bool = False) -> None:
        self.name, self.emulated, self._prefix = name, emulated, prefix
        self._folder = Path(tempfile.mkdtemp(prefix="facelite-"))

    def send(self, file: Path) -> None:
        shutil.copy(file, self._folder)

    def run(self, program: str, *arguments: str, timeout: float) -> Answer:
        command = [*self._prefix, str(self._folder / program), *arguments]
        return _answer(self.name, command, timeout, cwd=self._folder)

    def fetch(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class Ssh:
    """A host with a POSIX shell. Files travel through `cat`, so that the device needs neither scp nor sftp."""

    emulated = False

    def __init__(self, host: str) -> None:
        self.name = f"ssh:{host}"
        self._command = [*_words("FACELITE_SSH", os.environ.get("FACELITE_SSH", SSH)), host]
        self._folder = self._shell("mktemp -d", timeout=60).strip()

    def send(self, file: Path) -> None:
        there = shlex.quote(f"{self._folder}/{file.name}")
        self._shell(f"cat > {there} && chmod +x {there}", file.read_bytes())

    def run(self, program: str, *arguments: str, timeout: float) -> Answer:
        words = " ".join(map(shlex.quote, (f"./{program}", *arguments)))
        answer = _answer(self.name, [*self._command, f"cd {shlex.quote(self._folder)} && {words}"], timeout)
        if answer.code == 255:  # ssh's own, for a connection that broke
            raise Lost(f"{self.name}: {_last(answer.stderr)}")
        return answer

    def fetch(self, name: str) -> bytes:
        done = _run(self.name, [*self._command, f"cat {shlex.quote(f'{self._folder}/{name}')}"], 300)
        if done.returncode:
            raise Lost(f"{self.name}: {_last(done.stderr.decode(errors='replace'))}")
        return done.stdout

    def close(self) -> None:
        with suppress(FaceliteError):
            _run(self.name, [*self._command, f"rm -rf {shlex.quote(self._folder)}"], CLEANING)

    def _shell(self, script: str, given: bytes = b"", timeout: float = 300) -> str:
        done = _run(self.name, [*self._command, script], timeout, given)
        if done.returncode:
            raise Lost(f"{self.name}: {_last(done.stderr.decode(errors='replace'))}")
        return done.stdout.decode()


class Adb:
    """An Android device, the one with this serial number or the only one."""

    emulated = False

    def __init__(self, serial: str = "") -> None:
        self.name = f"adb:{serial}" if serial else "adb"
        self._command = [_installed("adb", "adb"), *(("-s", serial) if serial else ())]
        self._folder = f"/data/local/tmp/facelite-{secrets.token_hex(4)}"
        self._checked("shell", f"mkdir {self._folder}")

    def send(self, file: Path) -> None:
        self._checked("push", str(file), f"{self._folder}/{file.name}")
        self._checked("shell", f"chmod 755 {shlex.quote(f'{self._folder}/{file.name}')}")

    def run(self, program: str, *arguments: str, timeout: float) -> Answer:
        words = " ".join(map(shlex.quote, (f"./{program}", *arguments)))
        answer = _answer(self.name, [*self._command, "shell", f"cd {self._folder} && {words}"], timeout)
        if answer.code and answer.stderr.startswith(("adb:", "error:")):
            raise Lost(f"{self.name}: {_last(answer.stderr)}")
        return answer

    def fetch(self, name: str) -> bytes:
        return self._checked("exec-out", f"cat {shlex.quote(f'{self._folder}/{name}')}")

    def close(self) -> None:
        with suppress(FaceliteError):
            _run(self.name, [*self._command, "shell", f"rm -r {self._folder}"], CLEANING)

    def _checked(self, *words: str) -> bytes:
        done = _run(self.name, [*self._command, *words], 300)
        if done.returncode:
            raise Lost(f"{self.name}: {_last(done.stderr.decode(errors='replace'))}")
        return done.stdout


def _words(where: str, command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise BadInput(where, f"{command!r} is no command ({error})", "close the quotation") from None


def _absolute(word: str) -> str:
    """Files of a command by their whole names: programs run in a folder of their own."""
    return str(Path(word).resolve()) if Path(word).is_file() else word


def _installed(program: str, package: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise MissingDependency("facelite profile", program, f"apt-get install -y {package}")
    return found


def _run(
    name: str, command: list[str], timeout: float, given: bytes | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Like subprocess.run, in a session of its own: a launcher that is given up takes with it what it launched."""
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd, start_new_session=True)
    except (FileNotFoundError, PermissionError) as error:
        raise BadInput("--via", f"{error.filename or command[0]} cannot be run ({error.strerror})") from None
    with process:
        try:
            stdout, stderr = process.communicate(given, timeout)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise Lost(f"{name}: no answer for {timeout:.0f} s") from None
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _end(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _answer(name: str, command: list[str], timeout: float, cwd: Path | None = None) -> Answer:
    done = _run(name, command, timeout, b"", cwd)
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it gave no reason"
