"""What the gate keeps still, and what it costs speech: `python -m facelite.idle.measure --help`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..distill.scoring import Score
from ..evaluation.conditions import Condition
from ..evaluation.references import NOISE, references
from ..evaluation.resting import OPEN, stimuli
from ..evaluation.run import ALL, measure
from ..evaluation.speech import open_speech
from ..evaluation.subjects import INT8, Subject, open_subjects
from ..speech import audio
from ..speech.corpus import Clip, Corpus
from ..student import Student, load
from .clip import gated

CONDITIONS = (Condition(), Condition(gain_db=-30.0), Condition(snr_db=20.0))
JAW = "jawOpen"
SHORTEST_BREATH = 0.35
"""Seconds of a pause between sounds that may hold a breath; a tenth of a second at either end is left out."""

Sounds = Iterator[tuple[str, NDArray[np.float32]]]


def shares(student: Student, sounds: Sounds) -> dict[str, NDArray[np.float64]]:
    """Kind of sound -> [clips, 2]: share of frames with jawOpen above .05 without the gate and with it, and frames."""
    jaw = student.controls.index(JAW)
    found: dict[str, list[tuple[float, float, int]]] = {}
    for kind, pcm in sounds:
        plain = student.animate(pcm)
        both = [float((values[:, jaw] > OPEN).mean()) for values in (plain, gated(student, plain, pcm))]
        found.setdefault(kind, []).append((both[0], both[1], len(plain)))
    return {kind: np.array(rows) for kind, rows in found.items()}


def resting_sounds(corpora: Sequence[Path], music: Sequence[Path]) -> Sounds:
    """Sounds made here; the held-out noise of corpora and the pauses of their held-out speakers; recordings."""
    yield from stimuli().items()
    for folder in corpora:
        for clip in Corpus.open(folder):
            if clip.source == NOISE and clip.split != "train":
                yield "recorded noise", clip.audio()
            elif clip.split != "train" and clip.phones:
                yield from (("pauses and breath", pause) for pause in _pauses(clip))
    for file in music:
        yield "recorded music", audio.read(file)[: 60 * audio.SAMPLE_RATE]


def _pauses(clip: Clip) -> Iterator[NDArray[np.float32]]:
    pcm = clip.audio()
    for phone in clip.phones:
        if phone.symbol == "SIL" and phone.end - phone.start >= SHORTEST_BREATH:
            piece = pcm[int((phone.start + 0.1) * 16000) : int((phone.end - 0.1) * 16000)]
            yield np.pad(piece, 4096)


def cost(student: Subject, loaded: Student, corpus: Path) -> dict[str, list[tuple[float, float]]]:
    """Condition -> closure AP and mean correlation with the oracle, without the gate and with it."""
    subjects = [_delivering(student, loaded, keep) for keep in (lambda pcm, values: values, _gate(loaded))]
    spoken = references(tuple(open_speech(corpus).clips))
    answers = [measure(subject, spoken, CONDITIONS).scores for subject in subjects]
    return {condition.name: [_figures(answer[condition.name]) for answer in answers] for condition in CONDITIONS}


def _gate(student: Student) -> Callable[[NDArray, NDArray], NDArray]:
    return lambda pcm, values: gated(student, values, pcm)


def _delivering(subject: Subject, student: Student, change: Callable[[NDArray, NDArray], NDArray]) -> Subject:
    """`subject` answering with its smoothed curves as `change` leaves them."""
    return replace(subject, smoothing=False, unsmoothed=lambda pcm, phones: change(pcm, student.animate(pcm)))


def _figures(groups: dict[str, Score]) -> tuple[float, float]:
    score = groups.get(ALL) or next(iter(groups.values()))
    return score.closure.average_precision if score.closure else float("nan"), score.correlation


def main() -> None:
    """Print both tables as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m facelite.idle.measure", description=__doc__)
    parser.add_argument("bundle", help="bundle folder or student.facelite")
    parser.add_argument("--speech", type=Path, help="corpus with closures, as facelite evaluate takes it")
    parser.add_argument("--corpus", type=Path, action="append", default=[], help="with noise and held-out speakers")
    parser.add_argument("--music", type=Path, nargs="*", default=[], help="sound files")
    given = parser.parse_args()
    student = load(given.bundle)
    print("| sound | clips | seconds | jaw open, no gate | with gate | clips with 99 % shut, no gate | with gate |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for kind, rows in shares(student, resting_sounds(given.corpus, given.music)).items():
        means = np.average(rows[:, :2], axis=0, weights=rows[:, 2])
        shut = (rows[:, :2] <= 0.01).sum(axis=0)
        seconds = rows[:, 2].sum() / student.frame_rate
        print(f"| {kind} | {len(rows)} | {seconds:.0f} | {means[0]:.3f} | {means[1]:.3f} | {shut[0]} | {shut[1]} |")
    if given.speech:
        (subject,) = [one for one in open_subjects(str(given.bundle)) if one.kind == INT8]
        print("\n| speech | AP, no gate | with gate | r, no gate | with gate |\n|---|---:|---:|---:|---:|")
        for name, ((ap, r), (gated_ap, gated_r)) in cost(subject, student, given.speech).items():
            print(f"| {name} | {ap:.3f} | {gated_ap:.3f} | {r:.3f} | {gated_r:.3f} |")


if __name__ == "__main__":
    main()
