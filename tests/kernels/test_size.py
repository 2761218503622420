"""How much code a game links."""

from __future__ import annotations

import platform
import subprocess

import pytest

LIMIT = 96 * 1024  # bytes of code and constant data, every tier of one architecture


@pytest.mark.program("gcc")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="the limit is for these")
def test_every_tier_of_an_architecture_fits(c_build):
    library = c_build / "kernels" / "libfacelite.so"
    text = (
        subprocess.run(["size", library], check=True, capture_output=True, text=True).stdout.splitlines()[1].split()[0]
    )
    assert LIMIT / 2 < int(text) <= LIMIT
