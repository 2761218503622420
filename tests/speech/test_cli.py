"""`facelite corpus` as a user types it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile


def facelite(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from facelite.cli import main; sys.exit(main())"]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    root = tmp_path / "recordings"
    root.mkdir()
    for name in ("a", "b"):
        soundfile.write(root / f"{name}.wav", 0.1 * np.ones(8000), 8000)
    (root / "manifest.csv").write_text(
        "path,source,speaker,language,text,seconds,licence\n"
        "a.wav,mine,me,en,ah,1.0,CC0-1.0\nb.wav,mine,me,en,ah,1.0,GPL-3.0\n"
    )
    return root


def test_import_then_show(recordings: Path, tmp_path: Path) -> None:
    done = facelite("corpus", "import", recordings, tmp_path / "corpus")
    assert done.returncode == 0, done.stderr
    assert "left out 1: licence GPL-3.0" in done.stderr
    shown = facelite("corpus", "show", tmp_path / "corpus", "--json")
    report = json.loads(shown.stdout)
    assert report["clips"] == 1
    assert report["parts"][0]["source"] == "mine"
    assert report["parts"][0]["hours"] == pytest.approx(1 / 3600, abs=1e-4)


def test_wrong_use_is_one_line_and_exit_2(recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for arguments in (
        ("show", tmp_path / "nowhere"),
        ("build", tmp_path / "c", "--sources", "parrot"),
        ("build", tmp_path / "c", "--hours", "-1"),
        ("import", tmp_path / "nowhere", tmp_path / "c"),
        ("import", recordings, tmp_path / "file"),
        ("import", recordings, tmp_path / "c", "--licences", "WTFPL"),
    ):
        done = facelite("corpus", *arguments)
        assert done.returncode == 2, arguments
        assert len(done.stderr.strip().splitlines()[-1]) > 20
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "c" / "manifest.parquet").exists()


@pytest.mark.program("espeak-ng")
def test_build_names_what_it_skips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("flite"):
        monkeypatch.setenv("PATH", "")
    done = facelite("corpus", "build", tmp_path / "corpus", "--hours", "0.002", "--sources", "flite,espeak")
    assert done.returncode == 0, done.stderr
    assert "skipped: " in done.stderr
    assert "apt-get install -y flite" in done.stderr
    assert "espeak" in done.stdout
