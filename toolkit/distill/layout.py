"""A corpus and its labels laid out for training: waveform and curves in two memory-mapped files and an index."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..cli.common import note
from ..companding import to_int16
from ..errors import BadInput
from ..labels.store import LabelStore
from ..speech.audio import SAMPLE_RATE
from ..speech.corpus import Clip
from ..teachers.closures import closures, speech_spans
from ..teachers.loudness import frame_levels
from .labelled import AUDIO, CURVES, INDEX, Entry


@dataclass(frozen=True)
class Chosen:
    """A clip and where its label is: the number of a store and the key in it; noise has None."""

    clip: Clip
    store: int | None = None
    key: str = ""


def lay_out(
    chosen: Sequence[Chosen],
    stores: Sequence[LabelStore],
    controls: tuple[str, ...],
    hop: int,
    folder: Path,
    progress: Callable[[int, int], object],
) -> None:
    """Write the set of `chosen` clips to `folder`, whole or not at all.

    Parameters
    ----------
    controls
        The columns that are wanted; every store has them.
    progress
        Called as ``progress(done, total)`` after each clip's audio.

    Raises
    ------
    BadInput
        A clip's audio is not what was labelled, or the folder cannot be written. Noise that cannot be read is left
        out and named on stderr.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        _fill(partial, chosen, stores, controls, hop, progress)
        rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except OSError as error:
        raise BadInput(folder, f"cannot be written ({error.strerror or error})", "make room and run again") from None
    finally:
        rmtree(partial, ignore_errors=True)


def _fill(
    partial: Path,
    chosen: Sequence[Chosen],
    stores: Sequence[LabelStore],
    controls: tuple[str, ...],
    hop: int,
    progress: Callable[[int, int], object],
) -> None:
    """See `lay_out`."""
    placed: list[tuple[Chosen, Entry]] = []
    frame = 0
    with open(partial / AUDIO, "wb") as file:
        for done, choice in enumerate(chosen):
            read = _read(choice)
            if read is not None:
                entry = _entry(choice, read, hop, frame)
                samples = np.zeros(entry.frames * hop, np.int16)
                samples[: len(read)] = to_int16(read)
                file.write(samples.tobytes())
                placed.append((choice, entry))
                frame += entry.frames
            progress(done + 1, len(chosen))
        _flush(file)
    _write_curves(partial / CURVES, placed, stores, controls, frame)
    index = {"controls": controls, "hop": hop, "entries": [vars(entry) for _, entry in placed]}
    with open(partial / INDEX, "w", encoding="utf-8") as file:
        json.dump(index, file)
        _flush(file)


def _read(choice: Chosen) -> NDArray[np.float32] | None:
    """The clip's audio; noise that cannot be read is left out and named."""
    try:
        return choice.clip.audio()
    except BadInput as error:
        if choice.store is not None:
            raise
        note(f"left out {error}")
        return None


def _entry(choice: Chosen, audio: NDArray[np.float32], hop: int, frame: int) -> Entry:
    clip, rate = choice.clip, SAMPLE_RATE / hop
    return Entry(
        path=clip.path,
        source=clip.source,
        speaker=clip.speaker,
        language=clip.language,
        split=clip.split,
        frame=frame,
        frames=-(-len(audio) // hop),
        labelled=choice.store is not None,
        closures=closures(clip.phones, frame_levels(audio, SAMPLE_RATE, rate), rate),
        speech=speech_spans(clip.phones),
    )


def _write_curves(
    path: Path,
    placed: Sequence[tuple[Chosen, Entry]],
    stores: Sequence[LabelStore],
    controls: tuple[str, ...],
    frames: int,
) -> None:
    """float16 [frames, controls], filled store by store and shard by shard; noise keeps the resting face, 0.

    Written and not mapped: a full disk is then an error, and not a signal that ends the process.
    """
    with open(path, "wb") as file:
        file.truncate(frames * _bytes(controls))
        for number, store in enumerate(stores):
            columns = [store.card.controls.index(name) for name in controls]
            places: dict[str, list[Entry]] = {}
            for choice, entry in placed:
                if choice.store == number:
                    places.setdefault(choice.key, []).append(entry)
            for key, curves in store.labels(places):
                for entry in places[key]:
                    if len(curves) != entry.frames:
                        raise BadInput(
                            entry.path, "is not the audio that was labelled", "build the corpus again, then label"
                        )
                    file.seek(entry.frame * _bytes(controls))
                    file.write(curves[:, columns].astype(np.float16).tobytes())
        _flush(file)


def _bytes(controls: tuple[str, ...]) -> int:
    """Of a frame of curves."""
    return np.dtype(np.float16).itemsize * len(controls)


def _flush(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())
