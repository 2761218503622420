"""Reads target profiles: the ones that ship, by name, and a studio's own, by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facelite import strict_toml
from facelite.errors import BadInput
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .inherit import Source, chain, merge, owner
from .schema import Profile, UnknownScheduling, UnknownTier

PROFILES = Path(__file__).parent / "profiles"


def names() -> tuple[str, ...]:
    """Names of the profiles that ship, in alphabetical order."""
    return tuple(sorted(path.stem for path in PROFILES.glob("*.toml")))


def load(target: str | Path) -> Profile:
    """The profile called `target`, or the one in the TOML file at that path.

    Raises
    ------
    BadInput
        No such profile or file; or the file is not TOML, or says something the schema does not allow (the message
        names file, line, key and what is allowed).
    """
    text = str(target)
    return parse(Path(target) if text.endswith(".toml") else shipped(text))


def shipped(name: str) -> Path:
    """The file of the profile called `name`; raises BadInput when none is."""
    if name not in names():
        raise BadInput(f"target {name!r}", "no such profile", f"known: {', '.join(names())}; or give a .toml file")
    return PROFILES / f"{name}.toml"


def load_all() -> tuple[Profile, ...]:
    """Every profile that ships."""
    return tuple(load(name) for name in names())


def parse(path: Path) -> Profile:
    """Read and check one profile file and what it extends; raises as `load` does."""
    sources = chain(path, shipped)
    try:
        return Profile.model_validate(merge(sources))
    except ValidationError as error:
        raise _bad_profile(sources, error) from error


def _bad_profile(sources: Sequence[Source], error: ValidationError) -> BadInput:
    found, others = strict_toml.first(error)
    keys = _where(found)
    more = f" ({others} more after it)" if others else ""
    problem = strict_toml.problem(found, keys, Profile)
    return BadInput(owner(sources, keys).place(keys), f"{'.'.join(keys)} {problem}{more}")


def _where(found: ErrorDetails) -> list[str]:
    cause = found.get("ctx", {}).get("error")
    return (
        list(cause.key) if isinstance(cause, UnknownTier | UnknownScheduling) else [str(part) for part in found["loc"]]
    )
