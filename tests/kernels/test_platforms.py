"""The library on other platforms, under emulators: its C tests, the tier it picks, and the native bits for speech."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from facelite.speech import audio
from facelite.student import Student

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "c" / "data"
NODE = ("node", "--no-warnings", str(ROOT / "kernels" / "tools" / "wasi.mjs"))
WINE = (shutil.which("wine64", path=f"{os.environ.get('PATH', '')}:/usr/lib/wine") or "wine64",)
CHECKS = ("ops", "isa", "stream", "resample", "crowd")
"""All but the loader's, which has nothing of an instruction set in it, and half a million files to refuse."""


@dataclass(frozen=True)
class Platform:
    """A CMake preset, the command that runs its programs, and the tier that must come out on top."""

    preset: str
    runner: tuple[str, ...]
    best: str
    tiers: tuple[str, ...]
    suffix: str = ""


X86 = ("ref", "sse41", "avx2")
PLATFORMS = {
    "jaguar": Platform(
        "x86-emulated", ("qemu-x86_64", "-cpu", "Opteron_G5,-fma,-fma4,-xop,-tbm"), "sse41", ("ref", "sse41")
    ),
    "zen2": Platform("x86-emulated", ("qemu-x86_64", "-cpu", "EPYC-Rome"), "avx2", X86),
    "windows": Platform("mingw", WINE, "", X86, ".exe"),
    "wasm": Platform("wasm", NODE, "wasm_simd128", ("ref", "wasm_simd128"), ".wasm"),
    "wasm-relaxed": Platform(
        "wasm-relaxed", NODE, "wasm_relaxed_simd", ("ref", "wasm_simd128", "wasm_relaxed_simd"), ".wasm"
    ),
}
WASM = (pytest.mark.program("clang-19", "wasi-libc", "nodejs"), pytest.mark.slow)
MARKS = {
    "jaguar": (pytest.mark.program("qemu-user"),),
    "zen2": (pytest.mark.program("qemu-user"),),
    "windows": (pytest.mark.program("gcc-mingw-w64-x86-64", "wine64"), pytest.mark.slow),
    "wasm": WASM,
    "wasm-relaxed": WASM,
}


@pytest.fixture(params=[pytest.param(name, marks=MARKS[name]) for name in PLATFORMS])
def platform(request) -> Platform:
    return PLATFORMS[request.param]


@pytest.fixture
def build(once):
    """`build(platform)`: the folder with the platform's C tests and tools, built once a run."""

    def build(platform: Platform) -> Path:
        def make(folder: Path) -> None:
            configure = ["cmake", "--preset", platform.preset, "-B", folder]
            subprocess.run(configure, cwd=ROOT, check=True, capture_output=True)
            subprocess.run(["cmake", "--build", folder], check=True, capture_output=True)

        return once(f"built for {platform.preset}", make)

    return build


@pytest.fixture
def start(tmp_path):
    """`start(platform, program, *arguments)` under the platform's emulator."""

    def start(platform: Platform, program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        quiet = {**os.environ, "WINEDEBUG": "-all", "WINEPREFIX": str(ROOT / "build" / "wine")}
        command = [*platform.runner, program.with_name(program.name + platform.suffix), *map(str, arguments)]
        return subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)

    return start


@pytest.fixture(scope="module")
def recording(speech):
    """float32 [16100], 16 kHz."""
    return audio.read(speech)[:16100]


def test_the_c_tests_pass(platform, build, start):
    folder = build(platform)
    for name in CHECKS:
        done = start(platform, folder / "tests" / f"check_{name}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{name}: ok" in done.stdout


def test_the_fuzz_corpus_finds_nothing(platform, build, start):
    for target in ("blob", "tiers", "stream"):
        inputs = sorted((ROOT / "tests" / "fuzz" / "corpus" / target).iterdir())
        done = start(platform, build(platform) / "fuzz" / f"fuzz_{target}", *inputs)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["tiny", "safe", "zoo"])
def test_speech_gives_the_native_bits_on_every_tier(platform, build, start, blobs, recording, tmp_path, name):
    student, heard, frames = tmp_path / "student.facelite", tmp_path / "heard.f32", tmp_path / "frames"
    student.write_bytes(blobs[name])
    heard.write_bytes(recording.tobytes())
    replay = build(platform) / "kernels" / "tools" / "facelite_replay"
    want = Student(blobs[name]).animate(recording)
    for tier in ("", *platform.tiers):
        forced = ("--isa", tier) if tier else ()
        done = start(platform, replay, *forced, student, heard, frames)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["isa"] == tier or not tier
        np.testing.assert_array_equal(np.fromfile(frames, np.float32).reshape(want.shape), want)
        assert tier or not platform.best or json.loads(done.stdout)["isa"] == platform.best


def test_a_clip_longer_than_17_seconds(platform, build, start, blobs, recording, tmp_path):
    """Its samples times their rate are more than 32 bits hold."""
    student, heard, frames = tmp_path / "student.facelite", tmp_path / "heard.f32", tmp_path / "frames"
    student.write_bytes(blobs["zoo"])
    clip = np.tile(recording, 17)
    assert len(clip) * 16000 > 2**32
    heard.write_bytes(clip.tobytes())
    done = start(platform, build(platform) / "kernels" / "tools" / "facelite_replay", student, heard, frames)
    assert done.returncode == 0, done.stderr
    want = Student(blobs["zoo"]).animate(clip)
    np.testing.assert_array_equal(np.fromfile(frames, np.float32).reshape(want.shape), want)


def test_a_tier_that_the_cpu_lacks_is_an_error(platform, build, start, tmp_path):
    heard = tmp_path / "heard.s16"
    heard.write_bytes(bytes(2000))
    replay = build(platform) / "kernels" / "tools" / "facelite_replay"
    done = start(platform, replay, "--isa", "neon", DATA / "zoo.facelite", heard, tmp_path / "frames")
    assert done.returncode == 2
    assert "instruction set" in done.stderr
    lacking = {"sse41": "avx2", "avx2": "avx512vnni"}.get(platform.best)
    if lacking:
        done = start(platform, replay, "--isa", lacking, DATA / "zoo.facelite", heard, tmp_path / "frames")
        assert done.returncode == 2
        assert lacking in done.stderr


@pytest.mark.slow
@pytest.mark.program("clang-19", "wasi-libc", "chromium")
@pytest.mark.parametrize("compiler", ["", "--js-flags=--liftoff-only", "--js-flags=--no-liftoff"])
@pytest.mark.parametrize("preset", ["wasm", "wasm-relaxed"])
def test_chromium_passes_the_c_tests(launch, build, preset, compiler):
    """In each of V8's two compilers, which must agree on what relaxed instructions do."""
    folder = build(PLATFORMS[preset])
    files = {str(file): encoded(file) for file in DATA.iterdir()}
    script = """async ([program, files]) => {
        const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
        const found = new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)]));
        return run(bytes(program), ["check"], found);
    }"""
    with closing(launch(*([compiler] if compiler else []))) as browser:
        page = browser.new_page()
        page.add_script_tag(path=Path(__file__).with_name("page.js"))
        for name in CHECKS:
            said = page.evaluate(script, [encoded(folder / "tests" / f"check_{name}.wasm"), files])
            assert said["code"] == 0, said["said"]
            assert f"{name}: ok" in said["said"]


def encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
