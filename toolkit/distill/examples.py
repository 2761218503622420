"""Recordings with a teacher's curves, from whatever holds them: a folder of animation, a corpus, a label store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput
from ..labels.card import TeacherCard
from ..labels.clip import checked
from ..labels.store import LabelStore
from ..speech import audio
from ..speech.corpus import Clip, Corpus
from ..teachers.precomputed import CurvesTeacher, Recording
from ..teachers.protocol import Teacher
from ..teachers.timing import frame_count

Read = Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]

HELD_OUT_SHARE = 0.2
"""Of the recordings, where nothing says which ones are held out; at least one is."""


@dataclass(frozen=True)
class Example:
    """One recording.

    Attributes
    ----------
    name
        Its path, without the folder that all of them share.
    read
        Gives audio float32 [samples] at 16 kHz and curves float32 [ceil(samples / 256), controls].
    held_out
        Whether it is kept for judging; None where nothing says so.
    """

    name: str
    read: Read
    held_out: bool | None = None


def of_folder(teacher: CurvesTeacher) -> list[Example]:
    """The recordings of a folder of audio with curves."""

    def example(recording: Recording) -> Example:
        def read() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            samples = audio.read(recording.audio)
            frames = frame_count(len(samples), audio.SAMPLE_RATE)
            return samples, teacher.curves_of(recording, frames).values

        return Example(recording.name, read)

    return [example(recording) for recording in teacher.recordings]


def of_corpora(teacher: Teacher, corpora: Sequence[Corpus]) -> list[Example]:
    """The clips that `teacher` can animate; what a corpus does not train on is held out."""
    card = TeacherCard.of("", teacher)

    def example(clip: Clip) -> Example:
        def read() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            samples = clip.audio()
            phones = clip.phones if card.needs_phones else None
            answer = teacher.animate(samples, audio.SAMPLE_RATE, phones)
            try:
                return samples, checked(answer, card.controls, frame_count(len(samples), audio.SAMPLE_RATE))[0]
            except BadInput as error:
                raise BadInput(clip.path, str(error), "mend the teacher, or leave the clip out") from None

        return Example(clip.path, read, clip.split != "train")

    return [example(clip) for corpus in corpora for clip in corpus if card.can_label(clip)]


def of_labels(store: LabelStore, corpora: Sequence[Corpus]) -> list[Example]:
    """The clips that a label store knows.

    Raises
    ------
    BadInput
        It knows none of them.
    """
    clips = {store.card.key(clip): clip for corpus in corpora for clip in corpus if store.card.can_label(clip)}
    labels = dict(store.labels(clips))
    if not labels:
        raise BadInput(store.folder, "holds no label of these corpora", "give the corpora that it was made from")

    def example(key: str) -> Example:
        clip, curves = clips[key], labels[key]
        return Example(clip.path, lambda: (clip.audio(), curves.astype(np.float32)), clip.split != "train")

    return [example(key) for key in sorted(labels, key=lambda key: clips[key].path)]


def divided(examples: Sequence[Example], names: Sequence[str] = ()) -> tuple[list[Example], list[Example]]:
    """Examples to learn from, and examples held out: those named and as they say, or a fifth spread evenly.

    Raises
    ------
    BadInput
        A name is unknown, or one of the two would be empty.
    """
    if unknown := sorted(set(names) - {example.name for example in examples}):
        known = ", ".join(example.name for example in examples[:5])
        raise BadInput("--held-out", f"no recording is called {', '.join(unknown)}", f"there are {known}, …")
    if names or any(example.held_out for example in examples):
        marked = [replace(example, held_out=bool(example.held_out) or example.name in names) for example in examples]
    else:
        step = max(round(1 / HELD_OUT_SHARE), 2) if len(examples) >= round(1 / HELD_OUT_SHARE) else len(examples)
        marked = [replace(example, held_out=index % step == step - 1) for index, example in enumerate(examples)]
    kept = [example for example in marked if not example.held_out]
    held_out = [example for example in marked if example.held_out]
    if len(kept) < 2 or not held_out:
        problem = f"{len(kept)} recordings to learn from and {len(held_out)} held out"
        raise BadInput("recordings", problem, "give at least three; cut a long one in pieces")
    return kept, held_out
