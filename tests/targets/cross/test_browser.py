"""What `facelite build --target web` makes says the golden bits in a browser."""

from __future__ import annotations

import base64
from contextlib import closing
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "kernels" / "page.js"
SCRIPT = """async ([program, files, args]) => {
    const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    const found = new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)]));
    const done = await run(bytes(program), args, found);
    return { ...done, frames: btoa(String.fromCharCode(...(found.get("/frames") ?? []))) };
}"""


def encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


@pytest.mark.slow
@pytest.mark.program("chromium")
def test_every_tier_and_student_c_in_chromium(launch, built, shipped_bundle, tmp_path):
    import numpy as np

    folder = built("web", "zig") / "bin"
    with np.load(shipped_bundle / "golden.npz") as golden:
        golden["stream_pcm"].tofile(tmp_path / "recording.s16")
        curves = golden["stream_curves"].tobytes()
    inputs = [shipped_bundle / "student.facelite", shipped_bundle / "golden.npz", tmp_path / "recording.s16"]
    files = {f"/{path.name}": encoded(path) for path in inputs}
    with closing(launch()) as browser:
        page = browser.new_page()
        page.add_script_tag(path=PAGE)
        for tier in ("ref", "wasm_simd128"):
            args = ["facelite_replay", "--isa", tier, "--golden", "/golden.npz", "/student.facelite"]
            said = page.evaluate(SCRIPT, [encoded(folder / "facelite_replay.wasm"), files, args])
            assert said["code"] == 0, said["said"]
        args = ["facelite_replay_student", "/recording.s16", "/frames"]
        said = page.evaluate(SCRIPT, [encoded(folder / "facelite_replay_student.wasm"), files, args])
    assert base64.b64decode(said["frames"]) == curves
