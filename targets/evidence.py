"""What is known of a student before a target is asked about: its blob, its certificate, the code that runs it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelite.errors import BadInput

if TYPE_CHECKING:
    from facelite.student import Student

CERTIFICATE_NAME = "certificate.json"
CODE_SIZES = Path(__file__).with_name("code_sizes.json")


@cache
def packaged_code() -> dict[str, int]:
    """The largest library that the supported compilers made, by architecture."""
    found: dict[str, int] = {}
    for one in json.loads(CODE_SIZES.read_text(encoding="utf-8"))["builds"]:
        found[one["arch"]] = max(found.get(one["arch"], 0), one["bytes"])
    return found


@dataclass(frozen=True)
class Certificate:
    """The lookahead certificate of a bundle (docs/certificate.md).

    Attributes
    ----------
    holds
        Whether every stream kept to its claim.
    future_ms
        The student's own future context, which its stream was shown not to exceed.
    failures
        One line for everything that does not hold; none of an earlier facelite, which did not write them.
    """

    holds: bool
    future_ms: float
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Evidence:
    """A student and what goes with it.

    Attributes
    ----------
    student
        The loaded blob.
    certificate
        None for a blob alone or a bundle that was not certified.
    code
        Bytes of code and constants of the whole library, by architecture.
    """

    student: Student
    certificate: Certificate | None = None
    code: dict[str, int] = field(default_factory=packaged_code)


def gather(bundle: str | Path | Student | Evidence, builds: tuple[str | Path, ...] = ()) -> Evidence:
    """Everything known about a bundle.

    Parameters
    ----------
    bundle
        A bundle folder, a student.facelite file, a student that is loaded already, or evidence, which is returned.
    builds
        Folders made by `facelite build`, whose code replaces the packaged figure of their architecture.

    Raises
    ------
    BadInput
        Bundle, certificate or build cannot be used, or the certificate is about another student.
    """
    if isinstance(bundle, Evidence):
        return bundle
    if not isinstance(bundle, str | Path):
        return Evidence(bundle)
    from facelite.student import load

    student, path = load(bundle), Path(bundle) / CERTIFICATE_NAME
    certificate = _certificate(path, student.blob) if path.is_file() else None
    return Evidence(student, certificate, {**packaged_code(), **dict(map(_built_code, builds))})


def _certificate(path: Path, blob: bytes) -> Certificate:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        about, failures = found["blob_sha256"], tuple(map(str, found.get("failures", ())))
        certificate = Certificate(bool(found["holds"]), float(found["future"]["ms"]), failures)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(path, f"is no certificate ({type(error).__name__})", "run facelite certify --write") from None
    if about != hashlib.sha256(blob).hexdigest():
        raise BadInput(path, "blob_sha256 is of another student.facelite", "run facelite certify --write again")
    return certificate


def _built_code(build: str | Path) -> tuple[str, int]:
    from .cross import manifest

    made = manifest.read(Path(build))
    size = manifest.code_bytes(made)
    if size is None:
        raise BadInput(build, "the size of its code is unknown: objects of a format that facelite cannot read")
    return made["target"]["arch"], size
