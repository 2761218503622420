"""speech.js in Chromium: calls that overtake each other, and a face whose idle life is the package's."""

from __future__ import annotations

import numpy as np
import pytest
from facelite import data, idle
from facelite.idle import Life
from facelite.idle.life import CONTROLS
from facelite.speech import audio
from facelite.student import load

pytestmark = pytest.mark.program("chromium")

LEVELS = """async (calls) => { // what is heard after calls that do not wait for each other, as levels
    const { context, speech } = live;
    await context.resume();
    const level = (offset) => {
        const source = new ConstantSourceNode(context, { offset });
        source.start();
        return source;
    };
    await Promise.all(calls.map((offset) => offset ? speech.play(level(offset), { aloud: false }) : speech.stop()));
    const enough = speech.frames + 30;
    while (speech.frames < enough) await new Promise((wake) => setTimeout(wake, 10));
    const { pcm } = await speech.take();
    return [...new Set(pcm)].sort();
}"""
PLAY = """async ([samples, sampleRate]) => { // what is heard at a rate of one's own, and the face of each frame
    const at = (name) => new URL(name, document.baseURI);
    const bytes = async (name) => (await fetch(at(name))).arrayBuffer();
    const [{ createSpeech }, { fetchKernel }] = await Promise.all([import(at("speech.js")), import(at("facelite.js"))]);
    const [kernel, student, gate] = [
        await fetchKernel(at("./")), await bytes("student.facelite"), await bytes("gate.facelite"),
    ];
    const context = new AudioContext({ sampleRate });
    const speech = await createSpeech(context, { kernel, student, gate });
    speech.idle = true;
    const buffer = new AudioBuffer({ length: samples.length, sampleRate });
    buffer.copyToChannel(new Float32Array(samples), 0);
    for (const round of [1, 2]) { // as after any sound before
        const source = new AudioBufferSourceNode(context, { buffer });
        const ended = new Promise((resolve) => { source.onended = resolve; });
        await speech.play(source, { aloud: false, keep: true });
        source.start();
        await ended;
    }
    const { pcm } = await speech.take();
    const faces = Array.from({ length: speech.frames }, (_, i) => [...speech.sample(undefined, i / 62.5)]);
    return { controls: speech.controls, pcm: [...pcm], faces };
}"""


@pytest.mark.parametrize(
    ("calls", "heard"), [([0.25, 0.5], [0, 0.5]), ([0.5, 0.25, 0.5, 0.25], [0, 0.25]), ([0.25, 0], [0])]
)
def test_of_calls_that_do_not_wait_the_last_counts(opened, address, calls, heard):
    with opened(address) as page:
        page.click("#keep")  # a browser makes no sound before something is pressed
        assert page.evaluate(LEVELS, calls) == heard


def test_a_closed_worklet_sends_nothing(opened, address):
    with opened(address) as page:
        page.click("#clips button")
        page.wait_for_function("live.speech.frames > 10")
        page.evaluate("live.speech.close()")
        page.wait_for_timeout(300)
        sent = page.evaluate("live.speech.frames")
        page.wait_for_timeout(300)
        assert page.evaluate("live.speech.frames") == sent


@pytest.fixture
def played(opened, address):
    """`played(samples, rate)`: controls; what was heard, float32 [samples]; the faces, float32 [frames, controls]."""

    def played(samples: np.ndarray, rate: int) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
        with opened(address) as page:
            page.click("#keep")
            told = page.evaluate(PLAY, [samples.tolist(), rate])
        return tuple(told["controls"]), np.array(told["pcm"], np.float32), np.array(told["faces"], np.float32)

    return played


def test_the_face_is_that_of_facelite_run_idle(played, shipped_bundle):
    controls, pcm, faces = played(audio.read(data.demo_clip().path)[: 3 * 16000], 16000)
    want, names = idle.animate(load(shipped_bundle), pcm, gate=True, idle=True)
    assert controls == names
    assert want[:, names.index("browInnerUp")].max() > 0.01
    assert len(faces) > 3 * 60
    np.testing.assert_allclose(faces[: len(want)], want[: len(faces)], atol=1e-6)


def test_loudness_is_that_of_the_students_hops_at_any_rate(played):
    controls, pcm, faces = played(np.repeat(audio.read(data.demo_clip().path)[: 3 * 16000], 3), 48000)
    hops = pcm[: len(pcm) // 768 * 768].astype(np.float64).reshape(-1, 768)
    life = Life()
    want = np.array([life.step(float(loudness)) for loudness in np.sqrt(np.mean(hops**2, axis=1))])[: len(faces)]
    assert want[:, CONTROLS.index("browInnerUp")].max() > 0.01
    np.testing.assert_allclose(faces[: len(want), -len(CONTROLS) :], want, atol=1e-6)
    assert controls[-len(CONTROLS) :] == CONTROLS
