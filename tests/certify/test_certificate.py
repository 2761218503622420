"""`facelite certify` on the student that ships, and on a bundle whose header was changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from facelite import BadInput, runtimes
from facelite.certify import certify
from facelite.converters.backends import blob
from facelite.converters.bundle import load_graph


def facelite(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("facelite")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def bundle(shipped_bundle, tmp_path_factory) -> Path:
    return shutil.copytree(shipped_bundle, tmp_path_factory.mktemp("certified") / "out")


@pytest.mark.slow
def test_the_shipped_student_is_certified_in_every_runtime(bundle):
    found = facelite("certify", bundle, "--times", 4, "--write", "--json")
    assert found.returncode == 0, found.stderr
    certificate = json.loads(found.stdout)
    assert certificate["future"]["ms"] == 80
    assert [term["name"] for term in certificate["future"]["terms"]] == ["lookahead", "smoothing"]
    rows = certificate["rows"]
    kernels = {f"C kernel, {tier}" for tier in runtimes.tiers()}
    windowed = {f"{name}, windowed" for name in ("LiteRT reference", "LiteRT XNNPACK", "ONNX Runtime")}
    assert {row["runtime"] for row in rows} == {*kernels, *windowed, "NumPy oracle"}
    assert {row["rate"] for row in rows} == {16000, 44100, 48000}
    assert all(row["safe"] and row["inside"] == 1 for row in rows if row["rate"] == 16000)
    del certificate["bundle"]
    assert json.loads((bundle / "certificate.json").read_text()) == certificate


@pytest.mark.slow
def test_a_blob_whose_header_lies_breaks_the_certificate(bundle, tmp_path):
    """The kernel does as its own header says; the frames that were made with the bundle are elsewhere."""
    changed = shutil.copytree(bundle, tmp_path / "out")
    graph = load_graph(bundle)
    (changed / "student.facelite").write_bytes(blob.pack(replace(graph, lookahead=graph.lookahead - 256)))
    found = facelite("certify", changed, "--times", 1, "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["golden"] is False
    assert "golden.npz" in found.stderr


def test_bad_input_is_named(bundle):
    with pytest.raises(BadInput, match="longer recording"):
        certify(bundle, {"short": np.zeros(1000, np.int16)})
    with pytest.raises(BadInput, match="12345"):
        certify(bundle, {"clip": np.zeros(32000, np.int16)}, rates=[12345])
    found = facelite("certify", bundle.parent)
    assert found.returncode == 2
    assert "student.facelite" in found.stderr
