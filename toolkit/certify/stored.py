"""A certificate that lies in a bundle, read back for whoever relies on it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..student import BLOB_NAME
from .certificate import CERTIFICATE_NAME, FORMAT


@dataclass(frozen=True, eq=False)
class Stored:
    """What a certificate.json says.

    Attributes
    ----------
    holds
        Whether every runtime kept to the future context and heard all of it.
    future_ms
        The student's own future context, as examined: lookahead, less what no layer reads, and smoothing.
    facts
        The file's content.
    """

    holds: bool
    future_ms: float
    facts: dict[str, Any]


def stored(bundle: str | Path) -> Stored | None:
    """The certificate of a bundle's blob; None where there is none, or one of another blob.

    Raises
    ------
    BadInput
        The file is there and damaged.
    """
    path, blob = Path(bundle) / CERTIFICATE_NAME, Path(bundle) / BLOB_NAME
    if not path.is_file() or not blob.is_file():
        return None
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        known = facts["format"] == FORMAT
        found = Stored(bool(facts["holds"]), float(facts["future"]["ms"]), facts)
        about = str(facts["blob_sha256"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise BadInput(
            path, f"is damaged ({type(error).__name__})", "make it again with: facelite certify --write"
        ) from None
    return found if known and about == hashlib.sha256(blob.read_bytes()).hexdigest() else None
