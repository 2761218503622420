"""The C tests' fixtures: `FACELITE_WRITE_FIXTURES=1 pytest tests/kernels/test_fixtures.py` makes them again.

They are needed when the format changes. Random numbers and float scales differ between versions of NumPy, so the bytes
are not compared, only what they say.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from facelite import companding, reference
from facelite.student import Student

DATA = Path(__file__).parents[1] / "c" / "data"


def test_fixtures_are_todays_format_and_shape(graphs, blobs):
    if os.environ.get("FACELITE_WRITE_FIXTURES"):
        pcm = _recording()
        (DATA / "zoo.facelite").write_bytes(blobs["zoo"])
        (DATA / "zoo.pcm").write_bytes(pcm.tobytes())
        (DATA / "zoo.frames").write_bytes(reference.animate(graphs["zoo"], companding.encode(pcm)).tobytes())
    fixture = Student((DATA / "zoo.facelite").read_bytes())
    assert fixture.info == Student(blobs["zoo"]).info
    frames = np.frombuffer((DATA / "zoo.frames").read_bytes(), np.float32).reshape(-1, fixture.info.controls)
    np.testing.assert_array_equal(fixture.animate(np.frombuffer((DATA / "zoo.pcm").read_bytes(), np.int16)), frames)
    assert (np.ptp(frames, axis=0) > 0).all(), "a control that never moves tests nothing"


def _recording():
    """int16 [1000]: noise with a silent middle and full-scale clicks."""
    pcm = np.random.default_rng(0).normal(0, 6000, 1000).clip(-32768, 32767).astype(np.int16)
    pcm[400:600] = 0
    pcm[::97] = 32767
    pcm[50::97] = -32768
    return pcm
