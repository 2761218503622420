"""`facelite doctor` tells what is here by looking, and how to get the rest."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib import metadata

import pytest
from facelite import doctor


def test_programs_are_those_on_the_path() -> None:
    for name in ("make", "flite", "espeak-ng"):
        found = doctor.program(name)
        assert (found.path if found else None) == shutil.which(name)
        if found:
            assert found.version


def test_an_unknown_program_is_the_callers_mistake() -> None:
    with pytest.raises(KeyError):
        doctor.program("emacs")


def test_what_is_missing_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = doctor.examine()
    assert found.programs["flite"] is None
    assert found.programs["cc"] is None
    command = next(command for command in found.remedies if command.startswith("apt-get install -y "))
    assert {"flite", "espeak-ng", "gcc", "g++", "make", "chromium"} <= set(command.split())


def test_package_versions_are_the_installed_ones() -> None:
    versions = {package.module: package.version for package in doctor.examine().packages}
    assert versions["typer"] == metadata.version("typer")
    assert versions["soundfile"] == metadata.version("soundfile")


def test_missing_packages_are_mended_by_their_extra() -> None:
    packages = (doctor.Package("keras", "convert", None), doctor.Package("typer", "cli", "0.20"))
    found = doctor.Examination({}, packages, kernel=("ref",))
    assert found.remedies == ("pip install 'facelite[convert]'",)
    assert doctor.Examination({}, packages[1:], kernel=("ref",)).remedies == ()


def test_the_verb_prints_json_and_exits_0_even_when_much_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    command = [sys.executable, "-c", "import sys; from facelite.cli import main; sys.exit(main())", "doctor"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False, timeout=60)
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["programs"]["flite"] is None
    assert report["packages"][0]["extra"]
    plain = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert plain.returncode == 0
    assert "apt-get install -y" in plain.stdout
    wrong = subprocess.run([*command, "--nonsense"], capture_output=True, text=True, check=False, timeout=60)
    assert wrong.returncode == 2
