"""The library built for 64-bit Arm and run under qemu: its C tests, and the native bits for human speech."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from facelite import _kernel, companding
from facelite.speech import audio
from facelite.student import Student

ROOT = Path(__file__).parents[2]
TOOLCHAIN = ROOT / "targets" / "toolchains" / "aarch64-linux-gnu.cmake"
TIERS = {"cortex-a57": "neon", "cortex-a72": "neon", "cortex-a76": "neon_dotprod"}

pytestmark = pytest.mark.program("gcc-aarch64-linux-gnu", "qemu-user")


@pytest.fixture(scope="module")
def arm_build(tmp_path_factory):
    """The C tests and facelite_replay for Arm, linked statically, with gcc's call graph beside each object."""
    folder = tmp_path_factory.mktemp("aarch64")
    options = ["-DCMAKE_EXE_LINKER_FLAGS=-static", "-DFACELITE_WERROR=ON", "-DFACELITE_BENCH=OFF"]
    options += ["-DCMAKE_C_FLAGS=-fcallgraph-info=su"]
    configure = ["cmake", "-S", ROOT, "-B", folder, f"-DCMAKE_TOOLCHAIN_FILE={TOOLCHAIN}", *options]
    subprocess.run(configure, check=True, capture_output=True)
    subprocess.run(["cmake", "--build", folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def recording(speech):
    """float32 [16100], 16 kHz: the first second of a clip, and a piece of a hop."""
    return audio.read(speech)[:16100]


@pytest.fixture
def replay(arm_build, tmp_path):
    """`replay(cpu, blob, samples, *options)`: what facelite_replay writes, and what it prints."""

    def replay(cpu, blob, samples, *options):
        suffix = {"float32": "f32", "int16": "s16", "int8": "s8"}[samples.dtype.name]
        student, heard, frames = tmp_path / "student.facelite", tmp_path / f"heard.{suffix}", tmp_path / "frames"
        student.write_bytes(blob)
        heard.write_bytes(samples.tobytes())
        program = [arm_build / "kernels" / "tools" / "facelite_replay", *options, student, heard, frames]
        done = subprocess.run(["qemu-aarch64", "-cpu", cpu, *program], capture_output=True, text=True, check=True)
        kind = np.int8 if suffix == "s8" else np.float32
        said = json.loads(done.stdout)
        return np.fromfile(frames, kind).reshape(said["frames"], said["controls"]), said

    return replay


@pytest.mark.parametrize("cpu", TIERS)
def test_the_c_tests_pass(arm_build, cpu):
    """All but the loader's: it has nothing of an instruction set in it, and half a million files to refuse."""
    command = ["ctest", "--test-dir", arm_build, "--output-on-failure", "--exclude-regex", "^blob$"]
    done = subprocess.run(command, env={**os.environ, "QEMU_CPU": cpu}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "100% tests passed" in done.stdout


@pytest.mark.parametrize("cpu", TIERS)
@pytest.mark.parametrize("name", ["tiny", "safe", "zoo"])
def test_speech_gives_the_native_bits(replay, blobs, recording, cpu, name):
    want = Student(blobs[name]).animate(recording)
    assert np.ptp(want, axis=0).max() > 0
    got, said = replay(cpu, blobs[name], recording)
    assert said["isa"] == TIERS[cpu]
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("isa", ["ref", "neon", "neon_dotprod"])
def test_every_tier_hears_int16_in_pieces_of_any_size(replay, blobs, recording, isa):
    samples = np.rint(recording * 32767).astype(np.int16)
    want = Student(blobs["zoo"]).animate(samples)
    got, said = replay("cortex-a76", blobs["zoo"], samples, "--isa", isa, "--piece", "101")
    assert said["isa"] == isa
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_other_sample_rates_give_the_native_bits(replay, blobs, recording, rate):
    """The resampler is floating point, and yet the same everywhere."""
    want = Student(blobs["tiny"]).animate(recording, sample_rate=rate)
    got, _ = replay("cortex-a57", blobs["tiny"], recording, "--rate", str(rate))
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("cpu", TIERS)
def test_codes_give_the_native_codes(replay, blobs, recording, cpu):
    """Past companding and dequantisation: integers in, integers out."""
    info = Student(blobs["safe"]).info
    codes = companding.encode(np.rint(recording * 32767).astype(np.int16))
    codes = codes[: len(codes) // info.hop * info.hop]
    want = _kernel.Stream(_kernel.Model(blobs["safe"])).step_codes(codes)
    got, _ = replay(cpu, blobs["safe"], codes)
    np.testing.assert_array_equal(got, want)


def test_a_tier_that_the_cpu_lacks_is_an_error_not_a_crash(replay, blobs, recording):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        replay("cortex-a57", blobs["zoo"], recording, "--isa", "neon_dotprod")
    assert refused.value.returncode == 2
    assert refused.value.stderr.startswith("facelite: neon_dotprod: the instruction set asked for")


def test_no_call_can_need_more_stack_than_stated(arm_build, stack_need, blobs):
    slack = 512  # memcpy and the like
    assert stack_need(arm_build) + slack <= Student(blobs["zoo"]).info.stack_bytes


def test_a_hop_needs_few_instructions(arm_build, blobs, tmp_path):
    """Whole hops of the shipped shape: at most 0.40 instructions a MAC without dot product, 0.20 with it."""
    version = subprocess.run(["qemu-aarch64", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.split("version ")[1].split(".")[0]) > 8:
        pytest.skip("the counting plugin is written for qemu up to 8")
    student = tmp_path / "student.facelite"
    student.write_bytes(blobs["tiny"])
    tools = Path("kernels", "tools")
    script, program = ROOT / tools / "count_instructions.py", arm_build / tools / "facelite_replay"
    command = [sys.executable, script, "--json", "--replay", program, student]
    counted = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert {cpu: figures["isa"] for cpu, figures in counted.items()} == {
        cpu: TIERS[cpu] for cpu in ("cortex-a57", "cortex-a76")
    }
    assert counted["cortex-a57"]["instructions_per_mac"] <= 0.40
    assert counted["cortex-a76"]["instructions_per_mac"] <= 0.20
