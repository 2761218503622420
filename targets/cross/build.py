"""`facelite build`: everything that a game needs of a student on a target, in one folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from facelite.errors import BadInput
from facelite.student import BLOB_NAME, load
from facelite.web.kernel import sources

from .. import profile as profiles
from ..schema import Profile
from . import cmake, manifest
from .compilers import choose
from .platforms import platform_of

GENERATED = ("student.c", "student.h")

Progress = Callable[[str], None]


def build(
    bundle: str | Path,
    target: str | Path | Profile,
    out: str | Path,
    system: str | None = None,
    compiler: str | None = None,
    toolchain: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Build library, tools and generated student for a target.

    Parameters
    ----------
    bundle
        A bundle folder, or a student.facelite alone, which brings no generated student.
    target
        Name of a profile that ships, path of a .toml file, or a profile.
    out
        Folder that becomes the build: lib/, include/, bin/, student.facelite, manifest.json. It appears whole or not at
        all, and replaces an earlier build.
    system
        "linux", "windows" or "wasi" instead of the profile's own.
    compiler
        "zig", "gcc" or "clang"; without it the first of them that is installed.
    toolchain
        A studio's own CMake toolchain file.
    progress
        Told in a few words what is being done.

    Returns
    -------
    What manifest.json holds (targets/cross/manifest.py).

    Raises
    ------
    BadInput
        Bundle, profile, system or toolchain cannot be used, or `out` holds something else.
    MissingDependency
        No compiler, CMake or Ninja for it.
    FaceliteError
        The compiler failed.
    """
    tell = progress or (lambda text: None)
    blob, generated = _student(Path(bundle))
    profile = target if isinstance(target, Profile) else profiles.load(target)
    platform = platform_of(profile, system)
    chosen = choose(platform, compiler, Path(toolchain) if toolchain else None)
    out = Path(out).resolve()
    _check(out)
    source = sources()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as work:
        stage, folder = Path(work) / "stage", Path(work) / "cmake"
        options = [f"FACELITE_STUDENT={generated.resolve()}"] if generated else []
        tell(f"compiling for {platform.name} with {chosen.family}")
        cmake.build(source, folder, stage, chosen, options)
        shutil.copyfile(blob, stage / BLOB_NAME)
        _drop_machine_files(stage)
        made = manifest.describe(
            stage, folder, source, {"name": profile.name, "title": profile.title}, platform, chosen
        )
        made["student"] = {"sha256": hashlib.sha256(blob.read_bytes()).hexdigest(), "generated": generated is not None}
        manifest.write(stage, made)
        _publish(stage, out, Path(work) / "old")
    return made


def _student(bundle: Path) -> tuple[Path, Path | None]:
    """The blob, known to be one, and the folder of student.c and student.h if they are there."""
    load(bundle)
    if not bundle.is_dir():
        return bundle, None
    return bundle / BLOB_NAME, bundle if all((bundle / name).is_file() for name in GENERATED) else None


def _check(out: Path) -> None:
    """A build replaces its folder as a whole, so nothing else may lie in there."""
    if out == Path.cwd():
        raise BadInput(out, "is the working folder, which cannot be replaced", "give a new folder")
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or _is_a_build(out))):
        raise BadInput(out, "holds something that is no build of facelite's", "give a new folder")


def _is_a_build(out: Path) -> bool:
    try:
        own = {manifest.NAME, *manifest.read(out)["files"]}
    except (BadInput, KeyError, TypeError):
        return False
    files = (path for path in out.rglob("*") if path.is_file() and not path.is_symlink())
    return all(path.relative_to(out).as_posix() in own for path in files)


def _drop_machine_files(stage: Path) -> None:
    """Debug databases hold the build folder's name."""
    for path in stage.rglob("*.pdb"):
        path.unlink()


def _publish(stage: Path, out: Path, old: Path) -> None:
    if out.exists():
        os.replace(out, old)
    os.replace(stage, out)
