"""A file is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import resource

import pytest
from facelite.atomic import write_bytes


def test_a_full_disk_names_the_file_and_leaves_nothing(tmp_path):
    path = tmp_path / "curves.json"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match=r"curves\.json"):
            write_bytes(path, bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
