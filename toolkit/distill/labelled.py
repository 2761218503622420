"""A corpus with a teacher's curves, laid out for training: one long waveform, one long table of curves.

Clips stand end to end, each padded to a whole number of frames, so that frame ``f`` of the table stands at sample
``f * hop`` of the waveform and a crop is two slices of memory-mapped files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import numpy as np
from numpy.typing import NDArray

from ..companding import to_int16
from ..errors import BadInput
from ..speech.audio import SAMPLE_RATE
from ..speech.corpus import Clip, Corpus
from ..teachers.closures import closures, speech_spans
from ..teachers.loudness import frame_levels
from ..teachers.protocol import Teacher

INDEX, _AUDIO, _CURVES = "index.json", "audio.i16", "curves.f16"


@dataclass(frozen=True)
class Entry:
    """One clip inside a labelled set.

    Attributes
    ----------
    frame, frames
        Where it stands, and how long it is.
    labelled
        False for noise, which has no face.
    closures, speech
        Start and end in seconds of each bilabial closure, and of each stretch of speech.
    """

    path: str
    source: str
    speaker: str
    language: str
    split: str
    frame: int
    frames: int
    labelled: bool
    closures: tuple[tuple[float, float], ...]
    speech: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Waveform and curves of many clips.

    Attributes
    ----------
    audio
        int16 [frames * hop] at 16 kHz, memory-mapped.
    curves
        float16 [frames, controls], memory-mapped.
    controls
        One name a column.
    hop
        Samples a frame.
    entries
        In the order in which they stand.
    """

    audio: NDArray[np.int16]
    curves: NDArray[np.float16]
    controls: tuple[str, ...]
    hop: int
    entries: tuple[Entry, ...]

    @classmethod
    def open(cls, folder: str | Path) -> LabelledSet:
        """Map a set written by `label`.

        Raises
        ------
        BadInput
            The folder holds no finished set.
        """
        folder = Path(folder)
        try:
            index = json.loads((folder / INDEX).read_text("utf-8"))
        except OSError:
            raise BadInput(folder, "holds no labelled set", "label a corpus into it first") from None
        controls = tuple(index["controls"])
        entries = tuple(Entry(**entry) for entry in index["entries"])
        audio = np.memmap(folder / _AUDIO, np.int16, "r")
        curves = np.memmap(folder / _CURVES, np.float16, "r").reshape(-1, len(controls))
        return cls(audio, curves, controls, index["hop"], entries)

    def clip_audio(self, entry: Entry) -> NDArray[np.float32]:
        """float32 [frames * hop], -1..1."""
        first = entry.frame * self.hop
        return self.audio[first : first + entry.frames * self.hop].astype(np.float32) / np.float32(32768)

    def clip_curves(self, entry: Entry) -> NDArray[np.float32]:
        """float32 [frames, controls]."""
        return self.curves[entry.frame : entry.frame + entry.frames].astype(np.float32)


def label(
    corpora: Iterable[Corpus],
    teacher: Teacher,
    controls: tuple[str, ...],
    hop: int,
    folder: str | Path,
    progress: Callable[[int, int], object] | None = None,
) -> LabelledSet:
    """Write every clip that the teacher can label, and every clip of noise, to `folder`; whole or not at all.

    Parameters
    ----------
    progress
        Called as ``progress(done, total)`` after each clip.

    Raises
    ------
    BadInput
        No clip has phones.
    """
    folder = Path(folder)
    partial = folder.with_name(f".{folder.name}.partial")
    rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    clips = [clip for corpus in corpora for clip in corpus if clip.phones or clip.source == "noise"]
    if not any(clip.phones for clip in clips):
        raise BadInput("corpus", "no clip has phone timings", "build one with: facelite corpus build")
    entries: list[Entry] = []
    frame = 0
    with open(partial / _AUDIO, "wb") as audio_file, open(partial / _CURVES, "wb") as curves_file:
        for done, clip in enumerate(clips):
            entry, samples, values = _label_clip(clip, teacher, controls, hop, frame)
            audio_file.write(samples.tobytes())
            curves_file.write(values.tobytes())
            entries.append(entry)
            frame += entry.frames
            if progress:
                progress(done + 1, len(clips))
    index = {"controls": controls, "hop": hop, "entries": [vars(entry) for entry in entries]}
    (partial / INDEX).write_text(json.dumps(index), "utf-8")
    rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return LabelledSet.open(folder)


def collect(clips: Iterable[Clip], teacher: Teacher, controls: tuple[str, ...], hop: int) -> LabelledSet:
    """The clips that have phones, labelled, in memory: for scoring a student on a corpus.

    Raises
    ------
    BadInput
        No clip has phones.
    """
    entries, audio, curves, frame = [], [], [], 0
    for clip in clips:
        if clip.phones:
            entry, samples, values = _label_clip(clip, teacher, controls, hop, frame)
            entries.append(entry)
            audio.append(samples)
            curves.append(values)
            frame += entry.frames
    if not entries:
        raise BadInput("corpus", "no chosen clip has phone timings", "choose another --split or --source")
    return LabelledSet(np.concatenate(audio), np.concatenate(curves), controls, hop, tuple(entries))


def _label_clip(
    clip: Clip, teacher: Teacher, controls: tuple[str, ...], hop: int, frame: int
) -> tuple[Entry, NDArray[np.int16], NDArray[np.float16]]:
    audio = clip.audio()
    frames = -(-len(audio) // hop)
    values = np.zeros((frames, len(controls)), np.float16)
    if clip.phones:
        values[:] = teacher.animate(audio, SAMPLE_RATE, clip.phones).select(controls).values
    samples = np.zeros(frames * hop, np.int16)
    samples[: len(audio)] = to_int16(audio)
    levels = frame_levels(audio, SAMPLE_RATE, SAMPLE_RATE / hop)
    entry = Entry(
        path=clip.path,
        source=clip.source,
        speaker=clip.speaker,
        language=clip.language,
        split=clip.split,
        frame=frame,
        frames=frames,
        labelled=bool(clip.phones),
        closures=closures(clip.phones, levels, SAMPLE_RATE / hop),
        speech=speech_spans(clip.phones),
    )
    return entry, samples, values
