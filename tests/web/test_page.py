"""The page in Chromium: what it hears is what it animates, to the bit, and the sound waits for the face."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from facelite import data
from facelite.controls import closure
from facelite.idle import Gate, load_gate
from facelite.speech import audio
from facelite.student import Student, load
from facelite.web import site

ZOO = Path(__file__).parents[1] / "c" / "data" / "zoo.facelite"
pytestmark = pytest.mark.program("chromium")

TAKE = """async () => {
    const { pcm, sampleRate } = await live.speech.take();
    const bytes = new Uint8Array(pcm.buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return [btoa(text), sampleRate, live.got];
}"""
CURVES = "(times) => times.map((seconds) => [...live.speech.sample(undefined, seconds)])"
FACE = """(seconds) => {
    const face = live.speech.sample(undefined, seconds);
    live.viewer.pose(Object.fromEntries(live.speech.controls.map((name, i) => [name, face[i]])));
    const canvas = document.getElementById("face");
    const [width, height] = [canvas.width, canvas.height];
    const copy = new OffscreenCanvas(width, height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    const mouth = [0.35 * width, 0.55 * height, 0.3 * width, 0.2 * height].map(Math.round);
    return [mouth[2], mouth[3], btoa(String.fromCharCode(...copy.getImageData(...mouth).data))];
}"""


def heard(page, student: Student, gated: bool = False) -> tuple[np.ndarray, int]:
    """What the page heard, float32 [samples], and its rate; its frames are held against the native kernel's."""
    text, rate, values = page.evaluate(TAKE)
    pcm = np.frombuffer(base64.b64decode(text), np.float32)
    want = student.stream(sample_rate=rate).push(pcm)
    if gated:
        want = _through_the_gate(want, load_gate().stream(sample_rate=rate).push(pcm), student.stream().sample(0))
    got = np.array(values, np.float32).reshape(-1, want.shape[1])[: len(want)]
    np.testing.assert_array_equal(got, want[: len(got)])
    assert len(want) - len(got) <= 2  # sent, and not yet there
    return pcm, rate


def _through_the_gate(frames: np.ndarray, speech: np.ndarray, rest: np.ndarray) -> np.ndarray:
    gate, passed = Gate(rest), []
    for frame, (one,) in zip(frames, speech, strict=False):
        gate.step(float(one))
        passed.append(gate.apply(frame))
    return np.array(passed)


def microphone(wav: Path) -> tuple[str, ...]:
    """Chromium's options for a microphone that hears `wav` once."""
    fake = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    return (*fake, f"--use-file-for-fake-audio-capture={wav}%noloop")


def test_a_file_is_animated_to_the_bit(opened, address, shipped_bundle, speech, tmp_path):
    pcm = audio.read(speech)
    with opened(address) as page:
        rate = page.evaluate("live.context.sampleRate")
        wanted = soxr.resample(pcm, 16000, rate)[: int(1.5 * rate)].astype(np.float32)
        soundfile.write(tmp_path / "speech.wav", wanted, int(rate), "FLOAT")
        page.uncheck("#gate")
        page.check("#keep")
        page.set_input_files("#file", tmp_path / "speech.wav")
        with page.expect_download() as download:
            page.click("#said a", timeout=60_000)
        got, _ = soundfile.read(download.value.path(), dtype="float32")
        want = load(shipped_bundle).stream(sample_rate=rate).push(got)
        said = np.array(page.evaluate("live.got"), np.float32).reshape(-1, want.shape[1])
        np.testing.assert_array_equal(said[: len(want)], want)
        start = int(np.flatnonzero(got)[0]) - int(np.flatnonzero(wanted)[0])
        np.testing.assert_array_equal(got[start : start + len(wanted)], wanted)


def test_a_microphone_is_animated_to_the_bit(opened, address, shipped_bundle, tmp_path):
    pcm = audio.read(data.demo_clip().path)[: 3 * 16000]
    soundfile.write(tmp_path / "speech.wav", soxr.resample(pcm, 16000, 48000), 48000, "PCM_16")
    with opened(address, *microphone(tmp_path / "speech.wav")) as page:
        page.click("#microphone")
        page.wait_for_function("live.speech.now > 3")
        got, rate = heard(page, load(shipped_bundle), gated=True)
        assert _lags(got, pcm, rate).size >= 3
        assert "ms" in page.inner_text("#latency")


def test_a_student_of_another_hop_passes_the_gate_and_has_no_life(opened, once, served):
    folder = once("zoo page", lambda folder: site.build(folder, ZOO, gate=True))
    with opened(served(folder)) as page:
        page.click("#idle")
        assert [page.is_checked(switch) for switch in ("#gate", "#idle")] == [False, False]
        page.click("#clips button")
        page.wait_for_function("live.speech.now > 1 && live.speech.behind === 0")
        heard(page, load(ZOO))
        assert page.evaluate("live.speech.latency.gate") == 0
        assert page.evaluate("live.speech.controls") == list(load(ZOO).controls)


def test_after_a_stop_the_face_rests_and_the_students_do_too(opened, address, shipped_bundle):
    """They go on until they say the rest alone; from then on nothing is heard, and what they would say is sent."""
    student = load(shipped_bundle)
    with opened(address) as page:
        page.uncheck("#gate")
        page.click("#clips button")
        page.wait_for_function("live.speech.now > 1")
        page.click("#stop")
        stopped = page.evaluate("live.speech.frames") / student.frame_rate
        page.wait_for_function(f"live.speech.frames > {(stopped + 5.5) * student.frame_rate}")
        values = page.evaluate("live.got")
        pcm, rate = heard(page, student)
        silence = np.zeros(10 * rate, np.float32)
    got = np.array(values, np.float32).reshape(-1, len(student.controls))
    want = student.stream(sample_rate=rate).push(np.concatenate([pcm, silence]))
    assert len(pcm) < (stopped + 4.5) * rate
    np.testing.assert_array_equal(got, want[: len(got)])


@pytest.mark.slow
def test_a_minute_loses_no_block(opened, address, shipped_bundle, tmp_path):
    """Every sample of a minute's file is heard once, in order, and animated."""
    pcm = np.concatenate([audio.read(clip.path) for clip in itertools.islice(itertools.cycle(data.clips()), 16)])
    with opened(address, height=80) as page:
        rate = page.evaluate("live.context.sampleRate")
        wanted = soxr.resample(pcm[: 60 * 16000], 16000, rate).astype(np.float32)
        soundfile.write(tmp_path / "speech.wav", wanted, int(rate), "FLOAT")
        page.uncheck("#gate")
        page.set_input_files("#file", tmp_path / "speech.wav")
        page.wait_for_function("live.speech.now > 60", timeout=180_000)
        got, _ = heard(page, load(shipped_bundle))
        start = int(np.flatnonzero(got)[0]) - int(np.flatnonzero(wanted)[0])
        np.testing.assert_array_equal(got[start : start + len(wanted)], wanted)
        assert page.evaluate("live.speech.gaps") == 0


@pytest.mark.slow
def test_a_minute_of_microphone_is_animated_without_a_gap(opened, address, shipped_bundle, tmp_path):
    """What Chromium's fake microphone itself leaves out on a busy computer is not ours to see (docs/web.md)."""
    pcm = np.concatenate([audio.read(clip.path) for clip in itertools.islice(itertools.cycle(data.clips()), 16)])
    soundfile.write(tmp_path / "speech.wav", soxr.resample(pcm[: 62 * 16000], 16000, 48000), 48000, "PCM_16")
    with opened(address, *microphone(tmp_path / "speech.wav"), height=80) as page:
        page.click("#microphone")
        page.wait_for_function("live.speech.now > 60", timeout=180_000)
        got, rate = heard(page, load(shipped_bundle), gated=True)
        assert len(got) >= 60 * rate
        assert page.evaluate("live.speech.gaps") == 0


@pytest.mark.slow
def test_lips_close_on_the_closures(opened, address):
    """Of each p, b, m of the demonstration clip the most closed moment shows less of the mouth than any open vowel."""
    clip = data.demo_clip()
    kinds = {"P": "shut", "B": "shut", "M": "shut", "AA": "open", "AE": "open"}
    with opened(address, height=360) as page:
        page.click(f"#clips button[title='{clip.text}']")
        page.wait_for_function(f"live.speech.now > {clip.phones[-1].end - 0.3}", timeout=60_000)
        page.evaluate("live.context.suspend()")
        controls = page.evaluate("live.speech.controls")
        rest = _picture(page, -1)
        seen: dict[str, list[float]] = {"shut": [], "open": []}
        for phone in clip.phones:
            kind = kinds.get(phone.symbol.rstrip("012"))
            if kind:
                times = np.arange(phone.start - 0.03, phone.end, 0.008)
                closed = closure(np.array(page.evaluate(CURVES, times.tolist())), controls)
                best = closed.argmax() if kind == "shut" else closed.argmin()
                seen[kind].append(_behind_lips(_picture(page, float(times[best])), rest))
    assert len(seen["shut"]) >= 8
    assert len(seen["open"]) >= 3
    assert np.median(seen["shut"]) < 0.1 * np.median(seen["open"]), seen


def test_the_sound_waits_for_the_face(opened, address, shipped_bundle, folder):
    """The delay is what the page says, and enough for frames to be there when their sound is; the page is light."""
    student = load(shipped_bundle)
    with opened(address) as page:
        page.click("#clips button")
        page.wait_for_function("live.speech.now > 1 && live.speech.behind === 0")
        latency, rate = page.evaluate("[live.speech.latency, live.context.sampleRate]")
        native = student.stream(sample_rate=int(rate)).latency
        assert latency["total"] == pytest.approx(native.total + latency["delivery"])
        assert f"{1000 * latency['total']:.0f} ms" in page.inner_text("#latency .sum")
        assert page.evaluate("live.firstFrame") > 0
    assert site.weight(folder) < 2e6


def test_a_sound_that_browsers_cannot_read_is_said(opened, address, tmp_path):
    (tmp_path / "talk.wav").write_bytes(b"no sound")
    with opened(address) as page:
        page.set_input_files("#file", tmp_path / "talk.wav")
        page.wait_for_selector("#said.bad")
        assert "decode" in page.inner_text("#said")


def _picture(page, seconds: float) -> np.ndarray:
    """int [height, width, 3]: what is about the mouth at a time of the clip."""
    width, height, pixels = page.evaluate(FACE, seconds)
    return np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)[..., :3].astype(int)


def _behind_lips(picture: np.ndarray, rest: np.ndarray) -> int:
    """Pixels much darker or lighter than in the face at rest: cavity and teeth."""
    return int((np.abs(picture.sum(-1) - rest.sum(-1)) > 150).sum())


def _lags(got: np.ndarray, source: np.ndarray, rate: int) -> np.ndarray:
    """By how many samples each half second of `got` is later than `source`, 16 kHz, where it can be told."""
    from scipy.signal import correlate

    whole = soxr.resample(source, 16000, rate)
    start = int(correlate(got[: 3 * rate], whole[: 3 * rate], method="fft").argmax()) - min(3 * rate, len(whole)) + 1
    found = []
    for at in range(max(0, start + 1000), len(got) - rate // 2, rate // 2):
        piece, around = got[at : at + rate // 2], whole[max(0, at - start - 1000) : at - start + rate // 2 + 1000]
        if np.abs(piece).max() > 0.05 and len(around) == rate // 2 + 2000:
            found.append(1000 - int(correlate(around, piece, mode="valid", method="fft").argmax()))
    return np.array(found)
