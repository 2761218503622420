"""Finding the programs and packages that sources need, and saying how to install them."""

from __future__ import annotations

import shutil

from ...errors import MissingDependency


def require(step: str, program: str, package: str) -> str:
    """Path of `program`.

    Raises
    ------
    MissingDependency
        It is not on the PATH; names the command that installs `package`.
    """
    found = shutil.which(program)
    if found is None:
        raise MissingDependency(step, program, f"apt-get install -y {package}")
    return found
