"""TOML files held against a schema: what is wrong is one line that names the file, the key and what is allowed."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import BadInput

Model = TypeVar("Model", bound=BaseModel)


def read(
    path: str | Path, schema: type[Model], mend: str = "check the path", edit: Callable[[dict], dict] | None = None
) -> Model:
    """What the file at `path` says, checked.

    Parameters
    ----------
    mend
        What to do when there is no such file.
    edit
        Changes the document before it is checked.

    Raises
    ------
    BadInput
        It cannot be read, is not TOML, misspells a key or holds a value out of range; the first fault is named.
    """
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror})", mend) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(path, f"is not TOML: {error}") from None
    return checked(edit(document) if edit else document, schema, path)


def quoted(text: str) -> str:
    """`text` as a TOML string, quotes and all; what JSON escapes, TOML escapes alike."""
    return json.dumps(text, ensure_ascii=False)


def listed(names: Iterable[str]) -> str:
    """`names` as a TOML array, one to a line."""
    return "[\n" + "".join(f"    {quoted(name)},\n" for name in names) + "]"


def checked(document: dict[str, Any], schema: type[Model], name: str | Path) -> Model:
    """`document` as a `schema`; what does not fit becomes BadInput about `name`."""
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        found, others = first(error)
        keys = [str(part) for part in found["loc"]]
        more = f" ({others} more after it)" if others else ""
        raise BadInput(name, f"{'.'.join(keys) or 'file'} {problem(found, keys, schema)}{more}") from None


def first(error: ValidationError) -> tuple[ErrorDetails, int]:
    """The fault to name, and how many others there are.

    A misspelt key shows twice, as unknown and as missing; the unknown one is what the author can see.
    """
    found, *others = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    return found, len(others)


def problem(found: ErrorDetails, keys: Sequence[str], schema: type[BaseModel]) -> str:
    """What is wrong at `keys`, without them; a misspelt key with the ones that there are."""
    match found["type"]:
        case "extra_forbidden":
            allowed = _names(_holding(schema, keys))
            near = difflib.get_close_matches(keys[-1], allowed, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            return f"is an unknown key; {hint}allowed: {', '.join(allowed)}"
        case "missing":
            return "is missing"
        case "model_type":
            return f"must be a table of {', '.join(_names(_table(_holding(schema, keys), keys[-1])))}"
        case "value_error":
            return found["msg"].removeprefix("Value error, ")
        case _:
            return found["msg"].replace("Input should be", "must be", 1)


def _names(schema: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in schema.model_fields.items()]


def _holding(schema: type[BaseModel], keys: Sequence[str]) -> type[BaseModel]:
    """The table that holds the last of `keys`; places in lists are passed over."""
    for key in keys[:-1]:
        if not key.isdigit():
            schema = _table(schema, key)
    return schema


def _table(schema: type[BaseModel], key: str) -> type[BaseModel]:
    """The table type of a field that is one, a list of some, an optional one, or one with checks attached."""
    fields = {field.alias or name: field for name, field in schema.model_fields.items()}
    return next(found for found in _types(fields[key].annotation) if issubclass(found, BaseModel))


def _types(annotation: object) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    for inner in get_args(annotation):
        yield from _types(inner)
