"""The source distribution, the wheel made from it, and the pins hold what a user needs and nothing of ours."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distribution, version
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
DATA_SUFFIXES = {".css", ".html", ".js", ".json", ".keras", ".md", ".npz", ".toml", ".txt", ".typed", ".wav", ".flac"}


def build(kind: str, source: Path, folder: Path) -> Path:
    """Run one hook of the build backend (PEP 517) in `source` and give the file it made."""
    code = f"import sys; from scikit_build_core.build import build_{kind}; print(build_{kind}(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(folder)]
    result = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stderr
    return folder / result.stdout.splitlines()[-1]


def tracked(*folders: str) -> set[str]:
    """The repository's own files under `folders`."""
    listing = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listing.stdout.split("\0") if name}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


def test_sdist_holds_the_sources_and_only_those(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = tracked("toolkit", "converters", "targets", "kernels", "CMakeLists.txt", "pyproject.toml", "LICENSE")
    assert wanted - names == set()
    unwanted = {"tests", "weights", ".venv", "build", "out", "runs", ".ci", ".git"}
    assert {name for name in names if name.partition("/")[0] in unwanted} == set()


@pytest.mark.slow
def test_wheel_built_from_the_sdist_runs_alone(sdist, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    wheel = build("wheel", source, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    data = {name for name in tracked("toolkit", "converters", "targets") if Path(name).suffix in DATA_SUFFIXES}
    assert {_installed_name(name) for name in data} - names == set()
    built_from = tracked("kernels", "CMakeLists.txt", "targets/toolchains")
    assert {f"facelite/source/{name}" for name in built_from} - names == set()
    paths = [str(tmp_path / "installed"), str(Path(np.__file__).parents[1])]
    code = f"import sys; sys.path[:0] = {paths!r}; import facelite; print(facelite.__file__, facelite.load)"
    command = [sys.executable, "-S", "-c", code]  # -S: without this environment's own facelite
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(str(tmp_path / "installed"))


def test_constraints_pin_what_the_extras_ask_for():
    lines = [line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    pins = {canonicalize_name(pin.name): pin for pin in map(Requirement, filter(None, lines))}
    assert all([spec.operator for spec in pin.specifier] == ["=="] and pin.url is None for pin in pins.values())
    asked = [Requirement(text) for text in distribution("facelite").requires or ()]
    asked = [need for need in asked if need.name != "facelite" and _applies(need)]
    assert {need.name for need in asked if canonicalize_name(need.name) not in pins} == set()
    assert [need.name for need in asked if version(need.name) not in need.specifier] == []


def _applies(need: Requirement) -> bool:
    extras = distribution("facelite").metadata.get_all("Provides-Extra") or []
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)


def _installed_name(name: str) -> str:
    return name.replace("toolkit/", "facelite/", 1) if name.startswith("toolkit/") else f"facelite/{name}"


def test_one_version_everywhere():
    header = (ROOT / "kernels" / "include" / "facelite" / "facelite.h").read_text()
    numbers = [re.search(rf"FACELITE_VERSION_{part} (\d+)", header).group(1) for part in ("MAJOR", "MINOR", "PATCH")]
    cmake = re.search(r"project\(facelite VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    assert {".".join(numbers), cmake} == {version("facelite")}
