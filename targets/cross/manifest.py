"""manifest.json of a build: what was built, with what, and what is inside."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import facelite
from facelite.errors import BadInput

from . import cmake
from .compilers import Toolchain
from .platforms import CONSOLES, Platform
from .sections import Sections, members, sections

NAME = "manifest.json"
FORMAT = 1


def describe(
    stage: Path,
    folder: Path,
    source: Path,
    target: Mapping[str, str],
    platform: Platform,
    toolchain: Toolchain,
) -> dict[str, Any]:
    """The manifest of what was installed into `stage`, built in `folder` from `source`."""
    flags = cmake.compile_flags(folder, source)
    alike = takewhile(lambda at: len(set(at)) == 1, zip(*flags.values(), strict=False))
    common = [at[0] for at in alike]
    tiers = {_tier(name): own for name, own in flags.items() if _tier(name)}
    return {
        "format": FORMAT,
        "facelite": facelite.__version__,
        "target": {**target, "arch": platform.arch, "system": platform.system},
        "stand_in": target["name"] in CONSOLES and toolchain.family != "own",
        "compiler": {
            "family": toolchain.family,
            **cmake.compiler_version(folder),
            "toolchain": toolchain.file.name if toolchain.file else None,
        },
        "flags": {
            "all": common,
            "tiers": {tier: own[len(common) :] for tier, own in sorted(tiers.items())},
        },
        "tiers": sorted(tiers),
        "library": _library(stage),
        "files": {
            path.relative_to(stage).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in sorted(stage.rglob("*"))
            if path.is_file() and not path.is_symlink()
        },
    }


def write(stage: Path, manifest: Mapping[str, Any]) -> None:
    """Write it into a folder that nobody reads yet."""
    (stage / NAME).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """The manifest of a build; raises BadInput when the folder holds none or one of another format."""
    path = folder / NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(
            path, f"cannot be read ({type(error).__name__})", "give a folder made by facelite build"
        ) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadInput(path, f"is not a manifest of format {FORMAT}", "build again")
    return found


def code_bytes(manifest: Mapping[str, Any]) -> int | None:
    """Code and constants of the whole library, every tier; None where the object format was unknown."""
    library = manifest["library"]
    return None if library is None else int(library["code"] + library["constants"])


def _library(stage: Path) -> dict[str, Any] | None:
    """Sizes of the static library, in all and by tier."""
    found = [path for path in (stage / "lib").glob("*facelite.*") if path.suffix in (".a", ".lib")]
    if not found:
        return None
    try:
        sizes = {name: sections(body) for name, body in members(found[0].read_bytes())}
    except ValueError:
        return None
    known = {name: size for name, size in sizes.items() if size is not None}
    if len(known) != len(sizes):
        return None
    total = sum(known.values(), Sections())
    tiers = {_tier(name): size.text for name, size in known.items() if _tier(name)}
    whole = {"code": total.code, "constants": total.constants, "data": total.data}
    return {"file": found[0].relative_to(stage).as_posix(), **whole, "tiers": dict(sorted(tiers.items()))}


def _tier(name: str) -> str:
    """'avx2' of 'x86/ops_avx2.c' or 'ops_avx2.c.obj'; '' for a file of no tier."""
    match = re.search(r"ops_(\w+)\.c", name)
    return match[1] if match else ""
