"""The page's gate and idle life are the package's, to the bit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from facelite import idle
from facelite.errors import BadInput
from facelite.idle import Gate, Life
from facelite.idle.life import CONTROLS
from facelite.student import load

ZOO = Path(__file__).parents[1] / "c" / "data" / "zoo.facelite"
pytestmark = pytest.mark.program("nodejs")


def test_life(node, tmp_path):
    loudness = np.abs(np.random.default_rng(3).normal(0, 0.1, 4000)) * (np.arange(4000) % 900 < 600)
    given = tmp_path / "loudness.json"
    given.write_text(json.dumps(loudness.tolist()))
    script = """
    import { readFileSync } from "node:fs";
    import { CONTROLS, Life } from "FOLDER/life.js";
    const life = new Life(4000000000);
    const frames = JSON.parse(readFileSync(process.argv[2])).map((loudness) => life.step(loudness));
    console.log(JSON.stringify([CONTROLS, frames]));
    """
    controls, frames = node(script, given)
    life = Life(4000000000)
    want = [life.step(float(one)) for one in loudness]
    assert controls == list(CONTROLS)
    assert frames == want  # doubles, exactly
    assert np.array(want)[:, 0].max() == 1


def test_there_is_no_life_at_another_frame_rate():
    with pytest.raises(BadInput, match=r"idle: the student gives 666\.667 frames a second"):
        idle.animate(load(ZOO), np.zeros(4000, np.float32), idle=True)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_loudness(node, tmp_path, rate):
    pcm = np.random.default_rng(7).normal(0, 0.2, rate).astype(np.float32)
    heard = tmp_path / "heard"
    heard.write_bytes(pcm.tobytes())
    script = """
    import { readFileSync } from "node:fs";
    import { Loudness } from "FOLDER/life.js";
    const pcm = new Float32Array(readFileSync(process.argv[2]).buffer);
    const loudness = new Loudness({ hop: 256, sampleRate: 16000 }, Number(process.argv[3]));
    for (let at = 0; at < pcm.length; at += 128) loudness.push(pcm.subarray(at, at + 128));
    console.log(JSON.stringify(loudness.hops));
    """
    hops = np.arange(rate) * 16000 // (256 * rate)  # that each sample is in
    whole = [pcm[hops == hop].astype(np.float64) for hop in range(62)]
    np.testing.assert_allclose(node(script, heard, rate), [np.sqrt(np.mean(hop**2)) for hop in whole], rtol=1e-12)


def test_gate(node, tmp_path):
    rng = np.random.default_rng(5)
    speech = np.clip(np.repeat(rng.uniform(-0.2, 1.2, 60), 7), 0, 1)
    frames, rest = rng.uniform(0, 1, (len(speech), 5)).astype(np.float32), rng.uniform(0, 0.1, 5).astype(np.float32)
    given = tmp_path / "given.json"
    given.write_text(json.dumps([speech.tolist(), frames.tolist(), rest.tolist()]))
    script = """
    import { readFileSync } from "node:fs";
    import { Gate } from "FOLDER/gate.js";
    const [speech, frames, rest] = JSON.parse(readFileSync(process.argv[2]));
    const gate = new Gate(new Float32Array(rest));
    const passed = speech.map((one, i) => {
        gate.step(one);
        const frame = new Float32Array(frames[i]);
        gate.apply(frame);
        return [...frame];
    });
    console.log(JSON.stringify(passed));
    """
    gate, want = Gate(rest), []
    for one, frame in zip(speech, frames, strict=True):
        gate.step(float(one))
        want.append(gate.apply(frame))
    np.testing.assert_array_equal(np.array(node(script, given), np.float32), np.array(want))
