"""`facelite profile`: bits first, then time, memory and stack, on the device itself."""

from __future__ import annotations

import hashlib
import json
import platform as host
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import facelite
from facelite.converters.backends import golden
from facelite.errors import BadInput, FaceliteError
from facelite.student import BLOB_NAME, load

from .. import isa
from .. import profile as profiles
from ..cross import build, manifest
from ..cross.platforms import platform_of
from ..predict import work
from ..predict.predict import predict
from ..schema import Profile
from . import results
from .transport import Answer, Device, connect

GOLDEN, RECORDING, FRAMES = "golden.npz", "recording.s16", "frames.f32"
REPLAY, PROFILE, GENERATED = "facelite_replay", "facelite_profile", "facelite_replay_student"
DIFFERS = "differs"
"""In the line of facelite_replay that names what differs; a launcher that fails with 1 says something else."""
FORMAT = 1

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured; see kernels/tools/profile.c. 0 leaves a measurement out."""

    hops: int = 2000
    cold: int = 100
    paced: int = 125
    characters: int = 16
    threads: int = 2
    timeout: float = 300

    @property
    def arguments(self) -> tuple[str, ...]:
        named = ("hops", "cold", "paced", "characters", "threads")
        return tuple(word for name in named for word in (f"--{name}", str(getattr(self, name))))


NOTHING = Plan(0, 0, 0, 0, 0)


def profile(
    bundle: str | Path,
    target: str | Path | Profile,
    via: str,
    built: str | Path | None = None,
    system: str | None = None,
    plan: Plan = Plan(),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure a bundle on a device.

    Parameters
    ----------
    bundle
        A bundle folder, golden.npz included.
    target
        The target that the device is.
    via
        One of `transport.WAYS`.
    built
        Folder made by `facelite build` for the device; without it one is built first.
    system
        What to build for, where it is not the profile's own.
    plan
        What is measured.
    progress
        Told what is being done.

    Returns
    -------
    Plain values: `target`, `via`, `emulated`, `isa`, `tiers`, `build`, `bits` (holds, and what differed first), `times`
    in ns by kind, `layers` with names, `memory`, `prediction`. With bits that differ nothing is measured.

    Raises
    ------
    BadInput
        Bundle, target, way or build cannot be used together.
    FaceliteError
        The device died or answered nonsense; the text says during what.
    """
    tell = progress or (lambda text: None)
    folder, found = Path(bundle), target if isinstance(target, Profile) else profiles.load(target)
    student = load(folder)
    wanted = system or _system_of(via, found)
    # Connected before minutes of building: the device may not be there.
    with closing(connect(via)) as device, tempfile.TemporaryDirectory() as temporary:
        files = _golden(folder, Path(temporary))
        if built is None:
            built = Path(temporary) / "dist"
            build(folder, found, built, wanted, progress=tell)
        made = _build_of(Path(built), folder, found, wanted)
        session = _Session(device, Path(built), platform_of(found, wanted).program_suffix)
        tell(f"copying to {device.name}")
        session.send([folder / BLOB_NAME, folder / GOLDEN, files])
        report = session.measured(isa.best_built(found.arch, found.cpu.isa.value), plan, folder, tell)
    prediction = predict(work.read(student.blob), found)
    return {
        "format": FORMAT,
        "facelite": facelite.__version__,
        "target": {"name": found.name, "title": found.title},
        "via": via,
        "emulated": device.emulated,
        "host": host.node() if via == "local" else None,
        "hop_us": 1e6 * student.hop / student.sample_rate,
        **report,
        "build": {key: made[key] for key in ("compiler", "flags", "target", "student")},
        "prediction": prediction and prediction.as_dict(),
    }


class _Session:
    """The programs of a build on a device."""

    def __init__(self, device: Device, built: Path, suffix: str) -> None:
        self._device, self._suffix = device, suffix
        self._programs = {
            name: path for name in (REPLAY, PROFILE, GENERATED) if (path := built / "bin" / (name + suffix)).is_file()
        }

    def send(self, files: list[Path]) -> None:
        for file in (*self._programs.values(), *files):
            self._device.send(file)

    def measured(self, tier: str, plan: Plan, folder: Path, tell: Progress) -> dict[str, Any]:
        """Bits of every tier, then times on `tier`, or on the device's best where it lacks that one."""
        header = self._json("starting", PROFILE, *NOTHING.arguments, BLOB_NAME, RECORDING, timeout=plan.timeout)
        if not (header.get("isa") and header.get("tiers")):
            raise self._nonsense("starting")
        tell(f"checking every bit on {', '.join(header['tiers'])}")
        bits = self._bits(header["tiers"], folder, plan.timeout)
        forced = ("--isa", tier) if tier in header["tiers"] else ()
        if not forced:
            tell(f"this device has no {tier}: measured on {header['isa']}")
        report = {"isa": forced[-1] if forced else header["isa"], "tiers": header["tiers"], "bits": bits}
        if not bits["holds"]:
            return {**report, "times": None, "layers": None, "memory": None}
        tell("measuring")
        found = self._json("measuring", PROFILE, *forced, *plan.arguments, BLOB_NAME, RECORDING, timeout=plan.timeout)
        try:
            return {**report, **_sorted(found, folder)}
        except (KeyError, TypeError, AttributeError):
            raise self._nonsense("measuring") from None

    def _bits(self, tiers: list[str], folder: Path, timeout: float) -> dict[str, Any]:
        """Every tier against golden.npz, and the generated student's frames."""
        for tier in tiers:
            answer = self._run(REPLAY, "--isa", tier, "--golden", GOLDEN, BLOB_NAME, timeout=timeout)
            if answer.code == 1 and DIFFERS in answer.stderr:
                return {"holds": False, "differs": f"{tier}: {answer.stderr.strip()}"}
            said = self._answered("checking the bits", answer)
            if said.get("golden") is not True or said.get("isa") != tier:
                raise self._nonsense("checking the bits")
        if GENERATED in self._programs:
            answer = self._run(GENERATED, RECORDING, FRAMES, timeout=timeout)
            self._refuse("running student.c", answer)
            (curves,) = golden.read(folder / GOLDEN, "stream_curves")
            if self._device.fetch(FRAMES) != curves.tobytes():
                return {"holds": False, "differs": "student.c: its frames are not those of golden.npz"}
        return {"holds": True, "differs": None}

    def _json(self, step: str, program: str, *arguments: str, timeout: float) -> dict[str, Any]:
        return self._answered(step, self._run(program, *arguments, timeout=timeout))

    def _answered(self, step: str, answer: Answer) -> dict[str, Any]:
        self._refuse(step, answer)
        try:
            said = json.loads(answer.stdout)
        except ValueError:
            raise self._died(step, answer) from None
        if not isinstance(said, dict):
            raise self._nonsense(step)
        return said

    def _run(self, program: str, *arguments: str, timeout: float) -> Answer:
        return self._device.run(program + self._suffix, *arguments, timeout=timeout)

    def _refuse(self, step: str, answer: Answer) -> None:
        if answer.code:
            raise self._died(step, answer)

    def _nonsense(self, step: str) -> FaceliteError:
        return FaceliteError(f"{self._device.name}: while {step} it answered something that is not facelite's")

    def _died(self, step: str, answer: Answer) -> FaceliteError:
        said = answer.stderr.strip().splitlines() or ["it said nothing"]
        return FaceliteError(f"{self._device.name}: stopped while {step}, exit status {answer.code}: {said[-1]}")


def _golden(bundle: Path, folder: Path) -> Path:
    """The golden recording as the programs read it."""
    (pcm,) = golden.read(bundle / GOLDEN, "stream_pcm")
    pcm.astype("<i2").tofile(folder / RECORDING)
    return folder / RECORDING


def _system_of(via: str, target: Profile) -> str | None:
    """What programs must be built for to run that way; None: the profile's own."""
    kind = via.partition(":")[0]
    if kind == "local":
        here = {"AMD64": "x86_64", "arm64": "aarch64"}.get(host.machine(), host.machine())
        if here != target.arch:
            raise BadInput(
                "--via", f"this machine is {here} and {target.name} is {target.arch}", "qemu or exec: run it here"
            )
        return {"Windows": "windows"}.get(host.system(), "linux")
    return "linux" if kind in ("qemu", "ssh", "adb") else None


def _build_of(built: Path, bundle: Path, target: Profile, system: str | None) -> dict[str, Any]:
    """The build's manifest, checked against what is to be measured."""
    made, wanted = manifest.read(built), platform_of(target, system)
    if (made["target"]["arch"], made["target"]["system"]) != (wanted.arch, wanted.system):
        is_for = f"{made['target']['arch']} {made['target']['system']}"
        raise BadInput(built, f"is for {is_for}, the device wants {wanted.name}", "build for it, or name its --system")
    if made["student"]["sha256"] != hashlib.sha256((bundle / BLOB_NAME).read_bytes()).hexdigest():
        raise BadInput(built, "was made of another student", "build again")
    return made


def _sorted(found: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The program's answer in the report's order, layers with their names."""
    names = golden.layer_names(folder / GOLDEN)
    return {
        "characters": found.get("characters"),
        "threads": found.get("thread_count"),
        "clock_overhead": found["clock_overhead"],
        "times": {kind: found[kind] for kind in results.KINDS if found.get(kind, {}).get("count")},
        "layers": [{"name": name, **one} for name, one in zip(names, found.get("layers", ()), strict=False)],
        "memory": found["memory"],
    }
