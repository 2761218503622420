"""Reads target profiles: the ones that ship, by name, and a studio's own, by path."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from facelite.errors import BadInput
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .inherit import Source, chain, merge, owner
from .schema import Profile, UnknownTier

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
    # A misspelt key shows twice, as unknown and as missing; the unknown one is what the author can see.
    first, *others = sorted(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    keys = _where(first)
    more = f" ({len(others)} more after it)" if others else ""
    return BadInput(owner(sources, keys).place(keys), f"{'.'.join(keys)} {_problem(first, keys)}{more}")


def _where(found: ErrorDetails) -> list[str]:
    cause = found.get("ctx", {}).get("error")
    return list(cause.key) if isinstance(cause, UnknownTier) else [str(part) for part in found["loc"]]


def _problem(found: ErrorDetails, keys: list[str]) -> str:
    match found["type"]:
        case "extra_forbidden":
            allowed = _keys_beside(keys)
            near = difflib.get_close_matches(keys[-1], allowed, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            return f"is an unknown key; {hint}allowed: {', '.join(allowed)}"
        case "missing":
            return "is missing"
        case "model_type":
            model = _model_of(_model_holding(keys), keys[-1])
            return f"must be a table of {', '.join(model.model_fields)}"
        case "value_error":
            return found["msg"].removeprefix("Value error, ")
        case _:
            return found["msg"].replace("Input should be", "must be", 1)


def _keys_beside(keys: list[str]) -> list[str]:
    """The keys that the schema allows in the table that holds the last of `keys`."""
    return list(_model_holding(keys).model_fields)


def _model_holding(keys: list[str]) -> type[BaseModel]:
    model: type[BaseModel] = Profile
    for key in keys[:-1]:
        model = _model_of(model, key)
    return model


def _model_of(model: type[BaseModel], key: str) -> type[BaseModel]:
    """The table type of a field that is one, an optional one, or one with checks attached."""
    return next(found for found in _types(model.model_fields[key].annotation) if issubclass(found, BaseModel))


def _types(annotation: object) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    for inner in get_args(annotation):
        yield from _types(inner)
