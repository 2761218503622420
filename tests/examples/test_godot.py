"""Godot itself, without a window, receives what `facelite run --osc` sends, value for value."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest
from facelite.curves import Curves
from facelite.export.stream.send import send_vmc

PROJECT = Path(__file__).resolve().parents[2] / "examples" / "godot"


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.program("godot3-server")
def test_godot_hears_every_frame(tmp_path):
    controls = tuple(f"control{index}" for index in range(52))
    sent = np.random.default_rng(1).random((20, len(controls)), np.float32)
    port = _free_port()
    command = ["godot3-server", "--path", str(PROJECT), "-s", "listen.gd", f"--port={port}"]
    godot = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"HOME": str(tmp_path), "PATH": "/usr/bin"}
    )
    try:
        assert godot.stdout is not None
        assert any(line.strip() == "listening" for line in iter(godot.stdout.readline, ""))
        report = send_vmc(Curves(sent, controls, 10.0), f"127.0.0.1:{port}")
        printed, _ = godot.communicate(timeout=60)
    finally:
        godot.kill()
    faces = [dict(word.split("=") for word in line.split()) for line in printed.splitlines() if "control0=" in line]
    assert godot.returncode == 0
    assert len(faces) == report.frames
    heard = np.array([[float(face[name]) for name in controls] for face in faces])
    nearest = np.abs(heard[:, None] - sent).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-9  # printed with nine places
    np.testing.assert_allclose(heard[-1], sent[-1], atol=1e-9)
