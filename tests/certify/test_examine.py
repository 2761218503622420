"""Honest streams are certified to the sample; streams that cheat are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from facelite import _kernel, companding, reference
from facelite.certify.certificate import failures, unshown
from facelite.certify.context import Context, context, unheard
from facelite.certify.examine import examine
from facelite.certify.subjects import KernelStream, OracleStream
from facelite.converters.backends.blob import pack

FRAMES = [2, 20, 31, 60]
TIERS = _kernel.isa_available()


def claim(graph, smoothing: bool = True) -> Context:
    return Context(16000, 16000, graph.hop, graph.lookahead, unheard(graph), graph.hop * smoothing)


@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_holds_and_its_limit_is_exact(graph, pcm, tier):
    for smoothing in (True, False):
        found = examine(KernelStream(pack(graph), graph, tier, smoothing), pcm, FRAMES)
        assert found["holds"], found
        assert found["inside"] == 1
        assert found["future_samples"] == 1024 + 256 * smoothing


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_a_resampled_stream_holds_and_hears_into_its_filter(graph, pcm, rate):
    stream = KernelStream(pack(graph), graph, TIERS[-1], False, rate)
    found = examine(stream, pcm, range(2, 22, 3))
    assert found["holds"], found
    assert found["punctual"] is True


def test_the_oracle_and_a_student_that_leaves_samples_unheard(graph, cropped, pcm):
    assert examine(OracleStream(graph, claim(graph)), pcm, FRAMES)["inside"] == 1
    assert unheard(cropped) == 128
    for subject in (OracleStream(cropped, claim(cropped)), KernelStream(pack(cropped), cropped, TIERS[-1], True)):
        found = examine(subject, pcm, FRAMES)
        assert found["holds"], found
        assert found["inside"] == 1
        assert found["future_samples"] == 1024 - 128 + 256


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 24000, 32000, 44100, 48000])
def test_terms_add_up_to_the_furthest_sample(graph, rate):
    stream = KernelStream(pack(graph), graph, "ref", True, rate)
    furthest = max(stream.context.cut(frame) - frame * 256 * rate / 16000 for frame in range(3, 2000))
    assert -1e-6 < stream.context.samples - furthest < 1  # places between two samples count as the earlier one
    assert sum(term.ms for term in stream.context.terms) == pytest.approx(1000 * stream.context.samples / rate)
    assert [term.name for term in stream.context.terms] == ["lookahead", "smoothing", "resampler"]


class Cheat:
    """A stream that claims one thing and does another."""

    def __init__(self, says: Context, frames) -> None:
        self.name, self.context, self._frames = "cheat", says, frames

    def __call__(self, pcm, frame):
        return self._frames(pcm)[: frame + 1]

    def punctual(self, pcm, frames):
        return None


def animate(graph, smoothing: bool = True):
    return lambda pcm: reference.animate(graph, companding.encode(pcm, graph.companding), smoothing)


def with_newest(graph, taps: int, weight: int):
    """The student with other newest taps in its first layer."""
    front = graph.ops[0]
    weights = front.weight.copy()
    weights[:, -taps:] = weight
    return replace(graph, ops=(replace(front, weight=weights), *graph.ops[1:]))


def test_a_last_sample_that_seldom_counts_is_looked_for_until_it_does(graph, pcm):
    """No frame of `FRAMES` moves, yet the sample is heard: it moves frame 3 of the oracle."""
    faint = with_newest(graph, 1, 1)
    says = claim(faint)
    thrown = {}
    for frame in (3, *FRAMES):
        changed = pcm.copy(), pcm.copy()
        changed[0][says.cut(frame) - 1], changed[1][says.cut(frame) - 1] = -32768, 32767
        thrown[frame] = any((animate(faint)(one) != animate(faint)(pcm))[: frame + 1].any() for one in changed)
    assert thrown == {3: True, 2: False, 20: False, 31: False, 60: False}
    for subject in (OracleStream(faint, says), KernelStream(pack(faint), faint, TIERS[-1], True)):
        found = examine(subject, pcm, FRAMES)
        assert (found["holds"], found["exact"], found["inside"]) == (True, True, 1)


def test_a_limit_that_cannot_be_shown_is_no_failure(graph, pcm):
    """The newest five taps are zero, so that the sixth sample before the limit is the nearest that can count."""
    deaf = with_newest(graph, 5, 0)
    found = examine(OracleStream(deaf, claim(deaf)), pcm, FRAMES)
    assert (found["holds"], found["safe"], found["exact"], found["overstated"]) == (True, True, False, False)
    assert found["inside"] == 6
    assert failures(True, [found]) == []
    (line,) = unshown({"rows": [found]})
    assert "not shown" in line
    assert "last 6 samples" in line


def leaks(says: Context, frames, pcm) -> list[dict]:
    found = examine(Cheat(says, frames), pcm, FRAMES)
    assert not found["holds"]
    return found["leaks"]


def test_a_wrong_header_is_found(graph, pcm):
    """The stream hears 1024 samples ahead; its header says a hop less."""
    found = leaks(claim(replace(graph, lookahead=768)), animate(graph), pcm)
    assert {leak["kind"] for leak in found} == {"noise", "silence", "square"}
    assert max(leak["samples_beyond"] for leak in found) == 256


def test_a_header_that_says_too_much_is_found(graph, pcm):
    found = examine(Cheat(claim(replace(graph, lookahead=1280)), animate(graph)), pcm, FRAMES)
    assert (found["safe"], found["exact"], found["holds"]) == (True, False, False)
    assert ["hears less than it says" in line for line in failures(True, [found])] == [True]
    assert unshown({"rows": [found]}) == []


@pytest.mark.parametrize("rate", [8000, 48000])
def test_a_header_that_says_too_much_is_found_behind_a_resampler(graph, pcm, rate):
    stream = KernelStream(pack(graph), graph, TIERS[-1], True, rate)
    assert not examine(stream, pcm, [4, 12, 20])["overstated"]
    stream.context = replace(stream.context, lookahead=1280)
    found = examine(stream, pcm, [4, 12, 20])
    assert (found["safe"], found["overstated"], found["holds"]) == (True, True, False)


def test_one_layer_that_is_a_frame_early_is_found(graph, pcm):
    def frames(samples):
        count = -(-len(samples) // graph.hop)
        heard = np.zeros(graph.window + count * graph.hop, np.int8)
        codes = companding.encode(samples, graph.companding)[: len(heard) - graph.window + graph.lookahead]
        heard[graph.window - graph.lookahead :][: len(codes)] = codes
        tensors = [heard[:, None]]
        for op in graph.ops:
            tensors.append(reference.apply(op, graph, tensors))
            if op.name == "front":  # each frame is the next one: 64 samples too early
                tensors[-1] = np.concatenate([tensors[-1][1:], tensors[-1][-1:]])
        values = reference.dequantise(graph, tensors[-1][-count - 1 : -1])
        return reference.smooth(values)

    assert max(leak["samples_beyond"] for leak in leaks(claim(graph), frames, pcm)) == 64


def test_smoothing_that_is_not_counted_is_found(graph, pcm):
    found = leaks(claim(graph, smoothing=False), animate(graph), pcm)
    assert max(leak["samples_beyond"] for leak in found) == graph.hop
    assert {leak["changed_frame"] for leak in found} <= set(FRAMES)


def test_normalising_a_whole_utterance_is_found(graph, pcm):
    def frames(samples):
        loudest = max(1, int(np.abs(samples.astype(int)).max()))
        return animate(graph)((samples.astype(int) * 20000 // loudest).astype(np.int16))

    found = leaks(claim(graph), frames, pcm)
    assert max(leak["samples_beyond"] for leak in found) > 16000


def test_a_stream_that_holds_frames_back_is_found(graph, pcm):
    """Its header says a hop less than it waits for, so a frame comes late."""
    stream = KernelStream(pack(graph), graph, TIERS[-1], True)
    stream.context = replace(stream.context, lookahead=768)
    found = examine(stream, pcm, FRAMES)
    assert (found["punctual"], found["holds"]) == (False, False)
    assert context(graph, stream._student.stream().latency).lookahead == 1024
