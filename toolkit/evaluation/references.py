"""What a subject should answer: a teacher's curves, and what the phone labels say of lips and teeth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..companding import to_int16
from ..curves import FRAME_RATE, Curves
from ..distill.scoring import Spans
from ..errors import BadInput
from ..speech.audio import SAMPLE_RATE
from ..speech.corpus import Clip
from ..teachers.articulation import LABIODENTALS
from ..teachers.closures import closures, speech_spans
from ..teachers.loudness import frame_levels
from ..teachers.protocol import needs_phones
from ..teachers.registry import names_teacher, open_teacher

NOISE = "noise"
"""The source whose clips have no face."""

Ask = Callable[[Clip, NDArray[np.float32]], Curves]
"""A clip and its audio -> the teacher's curves."""


@dataclass(frozen=True, eq=False)
class Reference:
    """One clip with what is known of its face.

    Attributes
    ----------
    samples
        int16 [samples] at 16 kHz.
    curves
        The teacher's, 62.5 frames a second.
    closures, bites, speech
        Seconds of p, b and m closures, of f and v, and of speech; () where the clip has no phones.
    """

    clip: Clip
    samples: NDArray[np.int16]
    curves: Curves
    closures: Spans
    bites: Spans
    speech: Spans

    @property
    def group(self) -> str:
        """ "source/split"."""
        return f"{self.clip.source}/{self.clip.split}"

    def audio(self) -> NDArray[np.float32]:
        """float32 [samples], -1..1."""
        return self.samples.astype(np.float32) / np.float32(32768)


def references(
    clips: Sequence[Clip], teacher: str = "oracle", progress: Callable[[], object] | None = None
) -> list[Reference]:
    """Read the clips and ask the teacher about each; noise is left out, and clips the teacher needs phones for.

    Parameters
    ----------
    teacher
        As `open_teacher` takes it, or a folder that `facelite label` wrote; a bare name of a teacher is the teacher.
    progress
        Called with no argument after each clip.

    Raises
    ------
    BadInput
        No clip is left, the teacher cannot be opened, or the label folder lacks a clip.
    """
    speech = [clip for clip in clips if clip.source != NOISE]
    chosen, ask = _labelled(speech, teacher)
    found = []
    for clip in chosen:
        audio = clip.audio()
        levels = frame_levels(audio, SAMPLE_RATE, FRAME_RATE)
        bites = tuple((phone.start, phone.end) for phone in clip.phones if phone.symbol in LABIODENTALS)
        answer = ask(clip, audio)
        shut, spoken = closures(clip.phones, levels, FRAME_RATE), speech_spans(clip.phones)
        found.append(Reference(clip, to_int16(audio), answer, shut, bites, spoken))
        if progress:
            progress()
    if not found:
        raise BadInput("corpus", f"holds no chosen clip that {teacher} can animate", "choose another split or source")
    return found


def _labelled(clips: Sequence[Clip], teacher: str) -> tuple[list[Clip], Ask]:
    """The clips that can be labelled, and what gives their curves once their audio is read."""
    if not names_teacher(teacher) and Path(teacher).is_dir():
        return _stored(clips, Path(teacher))
    opened = open_teacher(teacher)
    if needs_phones(opened):
        told = [clip for clip in clips if clip.phones]
        return told, lambda clip, audio: opened.animate(audio, SAMPLE_RATE, clip.phones)
    return list(clips), lambda clip, audio: opened.animate(audio, SAMPLE_RATE)


def _stored(clips: Sequence[Clip], folder: Path) -> tuple[list[Clip], Ask]:
    """`_labelled` from a folder of labels, by key: clips of two corpora may share a path."""
    from ..labels.store import LabelStore

    store = LabelStore.open(folder)
    chosen = [clip for clip in clips if store.card.can_label(clip)]
    found = dict(store.labels({store.card.key(clip) for clip in chosen}))
    if missing := [clip.path for clip in chosen if store.card.key(clip) not in found]:
        problem = f"lacks labels of {len(missing)} of {len(chosen)} clips, first {missing[0]}"
        raise BadInput(folder, problem, "label this corpus, as it is now, into it")
    return chosen, lambda clip, audio: Curves(found[store.card.key(clip)].astype(np.float32), store.card.controls)
