"""The WebAssembly modules behind facelite.js give the native kernel's bits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soxr
from facelite.speech import audio
from facelite.student import Student, load

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "toolkit" / "web" / "static"
ZOO = ROOT / "tests" / "c" / "data" / "zoo.facelite"
TIERS = [
    ("facelite.wasm", "ref"),
    ("facelite.wasm", "wasm_simd128"),
    ("facelite_relaxed.wasm", "wasm_relaxed_simd"),
]
PLAY = """
import { readFileSync, writeFileSync } from "node:fs";
import { Student } from "FOLDER/facelite.js";
const [wasm, blob, heard, said, isa, type, rate, piece] = process.argv.slice(2);
const bytes = readFileSync(heard).buffer;
const pcm = type === "s16" ? new Int16Array(bytes) : new Float32Array(bytes);
const student = new Student(readFileSync(wasm), readFileSync(blob), isa);
const stream = student.stream({ sampleRate: Number(rate) });
const parts = [];
for (let at = 0; at < pcm.length; at += Number(piece)) parts.push(stream.push(pcm.subarray(at, at + Number(piece))));
parts.push(stream.flush());
writeFileSync(said, Buffer.concat(parts.map((part) => Buffer.from(part.buffer))));
const { controls, isa: chosen, info } = student;
console.log(JSON.stringify({ controls, isa: chosen, info, latency: stream.latency }));
"""
pytestmark = pytest.mark.program("nodejs")


@pytest.fixture(scope="module")
def recording(speech):
    """float32 [16100], 16 kHz."""
    return audio.read(speech)[:16100]


@pytest.mark.parametrize(("module", "isa"), TIERS)
@pytest.mark.parametrize(
    ("rate", "piece", "type_"), [(16000, 128, "f32"), (48000, 128, "f32"), (44100, 1000, "s16"), (16000, 16100, "f32")]
)
def test_a_stream_gives_the_native_bits(
    node, modules, shipped_bundle, recording, tmp_path, module, isa, rate, piece, type_
):
    pcm = soxr.resample(recording, 16000, rate).astype(np.float32)
    if type_ == "s16":
        pcm = np.round(np.clip(pcm, -1, 1) * 32767).astype(np.int16)
    heard, said = tmp_path / "heard", tmp_path / "said"
    heard.write_bytes(pcm.tobytes())
    student = load(shipped_bundle)
    blob = shipped_bundle / "student.facelite"
    told = node(PLAY, modules / module, blob, heard, said, isa, type_, rate, piece)
    want = student.animate(pcm, sample_rate=rate)
    np.testing.assert_array_equal(np.fromfile(said, np.float32).reshape(want.shape), want)
    assert told["isa"] == isa
    assert tuple(told["controls"]) == student.controls
    assert told["latency"]["total"] == student.stream(sample_rate=rate).latency.total
    assert told["info"]["receptiveField"] == student.info.receptive_field
    assert told["info"]["streamBytes"] == student.info.stream_bytes


@pytest.mark.parametrize(("module", "isa"), TIERS)
def test_every_operator_gives_the_native_bits(node, modules, recording, tmp_path, module, isa):
    heard, said = tmp_path / "heard", tmp_path / "said"
    student = Student(ZOO.read_bytes())
    heard.write_bytes(recording.tobytes())
    node(PLAY, modules / module, ZOO, heard, said, isa, "f32", student.sample_rate, 700)
    want = student.animate(recording)
    np.testing.assert_array_equal(np.fromfile(said, np.float32).reshape(want.shape), want)


def test_sampling_and_stopping_are_the_native_ones(node, modules, shipped_bundle, recording, tmp_path):
    script = """
    import { readFileSync } from "node:fs";
    import { Student } from "FOLDER/facelite.js";
    const [wasm, blob, heard] = process.argv.slice(2);
    const stream = new Student(readFileSync(wasm), readFileSync(blob)).stream();
    stream.push(new Float32Array(readFileSync(heard).buffer));
    const faces = [stream.sample(-1), stream.sample(0.9), stream.sample(0.937)];
    stream.stop(0.93, 0.1);
    faces.push(stream.sample(0), stream.sample(0.05), stream.sample(1));
    stream.reset();
    faces.push(stream.sample(0));
    console.log(JSON.stringify(faces.map((face) => [...face])));
    """
    heard = tmp_path / "heard"
    heard.write_bytes(recording.tobytes())
    got = node(script, modules / "facelite.wasm", shipped_bundle / "student.facelite", heard)
    stream = load(shipped_bundle).stream()
    stream.push(recording)
    want = [stream.sample(second) for second in (-1, 0.9, 0.937)]
    stream.stop(0.93, 0.1)
    want += [stream.sample(second) for second in (0, 0.05, 1)]
    stream.reset()
    want.append(stream.sample(0))
    np.testing.assert_array_equal(np.array(got, np.float32), np.array(want))


def test_clips_take_no_more_memory_than_the_first_and_owe_nothing_to_one_that_failed(node, modules, shipped_bundle):
    script = """
    import { readFileSync } from "node:fs";
    import { Student } from "FOLDER/facelite.js";
    const [wasm, blob] = process.argv.slice(2);
    const student = new Student(readFileSync(wasm), readFileSync(blob));
    const pcm = Float32Array.from({ length: 4096 }, (_, i) => 0.4 * Math.sin(i * i / 9000));
    const options = [undefined, { sampleRate: 48000 }, { smoothing: false }];
    const said = () => options.map((one) => [...student.animate(pcm, one)]);
    const [first, before] = [said(), student.memory.bytes().length];
    for (let clip = 0; clip < 100; clip++) said();
    const after = student.memory.bytes().length;
    const broken = { length: 4096, subarray: (at) => at === 0 ? pcm.subarray(0, 2048) : null };
    let refused = false;
    try { student.animate(broken); } catch { refused = true; }
    console.log(JSON.stringify({ first, last: said(), before, after, refused }));
    """
    told = node(script, modules / "facelite.wasm", shipped_bundle / "student.facelite")
    assert told["after"] == told["before"]
    assert told["refused"]
    assert told["last"] == told["first"]
    assert told["first"][0] != told["first"][2]


def test_what_c_refuses_is_an_error_with_its_words(node, modules, shipped_bundle):
    script = """
    import { readFileSync } from "node:fs";
    import { Student, FaceliteError } from "FOLDER/facelite.js";
    const [wasm, blob] = process.argv.slice(2);
    const [kernel, bytes] = [readFileSync(wasm), readFileSync(blob)];
    const damaged = Uint8Array.from(bytes, (byte, at) => (at === 5000 ? byte ^ 1 : byte));
    const said = [
      () => new Student(kernel, damaged),
      () => new Student(kernel, bytes.subarray(0, 100)),
      () => new Student(kernel, bytes, "avx2"),
      () => new Student(kernel, bytes).stream({ sampleRate: 12345 }),
    ].map((attempt) => {
      try { attempt(); return null; } catch (error) { return [error instanceof FaceliteError, error.status]; }
    });
    console.log(JSON.stringify(said));
    """
    said = node(script, modules / "facelite.wasm", shipped_bundle / "student.facelite")
    assert said == [[True, 6], [True, 5], [True, 9], [True, 1]]


@pytest.mark.program("node-typescript")
def test_the_types_are_what_the_module_is(tmp_path):
    """tsc checks facelite.js by its comments, derives declarations, and holds facelite.d.ts against them."""
    (tmp_path / "made").mkdir()
    (tmp_path / "stated").mkdir()
    (tmp_path / "made" / "facelite.js").write_bytes((STATIC / "facelite.js").read_bytes())
    (tmp_path / "stated" / "facelite.d.ts").write_bytes((STATIC / "facelite.d.ts").read_bytes())
    (tmp_path / "use.ts").write_text(
        """
        import * as made from "./made/facelite.js";
        import * as stated from "./stated/facelite.js";
        export const student = (one: made.Student): stated.Student => one;
        export const stream = (one: made.Stream): stated.Stream => one;
        export const refusal = (one: made.FaceliteError): stated.FaceliteError => one;
        export const make = (kernel: ArrayBuffer): stated.Student => new made.Student(kernel, kernel, "ref");
        export const fetched: typeof stated.fetchKernel = made.fetchKernel;
        export async function speak(pcm: Float32Array): Promise<Float32Array> {
            const student = new stated.Student(await stated.fetchKernel("https://x/"), new Uint8Array(9));
            const heard = student.stream({ sampleRate: 48000 });
            heard.sample(heard.latency.total);
            return heard.push(pcm);
        }
        """
    )
    options = "--noEmit --strict --allowJs --checkJs --target es2022 --module es2022 --moduleResolution node"
    command = ["tsc", *options.split(), "--lib", "es2022,dom", "use.ts"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
