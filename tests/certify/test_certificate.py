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
def test_one_frame_that_does_not_show_the_limit_accuses_nobody(bundle):
    """At 44.1 kHz the last samples inside the limit do not move frame 2 of the packaged recording."""
    found = facelite("certify", bundle, "--times", 1, "--json")
    assert found.returncode == 0, found.stderr
    assert all(row["exact"] for row in json.loads(found.stdout)["rows"])


@pytest.mark.slow
def test_the_on_device_student_is_certified_as_it_ships_and_stays_valid(shipped_student, tmp_path):
    student = shipped_student.parents[1] / "on_device" / "student.keras"
    assert facelite("convert", student, "-o", tmp_path).returncode == 0
    found = facelite("certify", tmp_path, "--write")
    assert found.returncode == 0, found.stderr
    assert "broken" not in found.stdout
    assert json.loads((tmp_path / "certificate.json").read_text())["holds"] is True
    judged = facelite("validate", tmp_path)
    assert "certificate.json" not in judged.stderr
    assert "lookahead certificate: holds" in judged.stdout


@pytest.mark.slow
def test_a_student_of_48_khz_is_certified_at_its_own_rate(shipped_student, tmp_path):
    spec = shipped_student.with_name("student.toml").read_text()
    (tmp_path / "student.toml").write_text(spec.replace("sample_rate = 16000", "sample_rate = 48000"))
    shutil.copy(shipped_student, tmp_path)
    made = tmp_path / "out"
    assert facelite("convert", tmp_path / "student.keras", "-o", made).returncode == 0
    found = facelite("certify", made, "--times", 2, "--json")
    assert found.returncode == 0, found.stderr
    certificate = json.loads(found.stdout)
    assert {row["rate"] for row in certificate["rows"]} == {48000}
    assert certificate["future"]["ms"] == pytest.approx(80 / 3)
    assert facelite("certify", made, "--times", 1, "--rate", 48000).returncode == 0
    found = facelite("certify", made, "--rate", 44100)
    assert found.returncode == 2
    assert found.stderr == "facelite: --rate: this student cannot hear 44100 Hz; use 48000, or leave it out\n"


@pytest.mark.slow
def test_a_blob_whose_header_lies_breaks_the_certificate(bundle, tmp_path):
    """The kernel does as its own header says; the frames that were made with the bundle are elsewhere."""
    changed = shutil.copytree(bundle, tmp_path / "out")
    graph = load_graph(bundle)
    (changed / "student.facelite").write_bytes(blob.pack(replace(graph, lookahead=graph.lookahead - 256)))
    found = facelite("certify", changed, "--times", 1, "--write", "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["golden"] is False
    assert "golden.npz" in found.stderr
    judged = facelite("validate", changed)
    assert judged.returncode == 1
    assert "certificate.json: student.facelite: its frames are not where golden.npz has them" in judged.stderr
    assert "hears more" not in judged.stderr


def test_a_length_without_end_is_refused(bundle):
    found = facelite("certify", bundle, "--seconds", "inf")
    assert found.returncode == 2
    assert found.stderr == "facelite: --seconds: inf is no length; give seconds of audio\n"


def test_bad_input_is_named(bundle):
    with pytest.raises(BadInput, match="longer recording"):
        certify(bundle, {"short": np.zeros(1000, np.int16)})
    with pytest.raises(BadInput, match="12345"):
        certify(bundle, {"clip": np.zeros(32000, np.int16)}, rates=[12345])
    found = facelite("certify", bundle.parent)
    assert found.returncode == 2
    assert "student.facelite" in found.stderr
