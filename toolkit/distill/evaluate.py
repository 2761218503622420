"""`facelite evaluate`: any student, float or int8, against the oracle and the phone labels of a corpus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..companding import codes, decode
from ..reference import smooth
from ..speech.corpus import Corpus
from ..teachers.oracle import OracleTeacher
from .inference import padded
from .labelled import Entry, LabelledSet, collect
from .scoring import Animate, Score, score

_WINDOWS = 256


@dataclass(frozen=True)
class Subject:
    """Something that animates: what it is called, what it answers with, and how."""

    name: str
    controls: tuple[str, ...]
    hop: int
    animate: Animate


def subject(path: str | Path) -> Subject:
    """A bundle or blob through the C kernel, or a .keras file with its student.toml beside it.

    Raises
    ------
    BadInput
        The path is neither, or the model cannot be read.
    """
    path = Path(path)
    if path.suffix == ".keras":
        return _keras_subject(path)
    from ..student import load

    student = load(path)
    return Subject(f"{path} (int8, C kernel)", student.controls, student.hop, student.animate)


def evaluate(
    student: Subject,
    corpus: Corpus,
    gain_db: float = 0.0,
    snr_db: float | None = None,
    progress: Callable[[], object] | None = None,
) -> dict[str, Score]:
    """Score `student` on each source of `corpus`, and on "all".

    Parameters
    ----------
    gain_db
        Level at which the clips are played.
    snr_db
        Add pink noise at this ratio, the same noise in every call; None for none.
    progress
        Called with no argument after each clip.

    Raises
    ------
    BadInput
        No clip of the corpus has phone timings.
    """
    labelled = collect(corpus, OracleTeacher(), student.controls, student.hop)
    heard = _disturbed(student.animate, gain_db, snr_db)
    answers = {entry.path: heard(labelled.clip_audio(entry)) for entry in _ticking(labelled, progress)}
    groups = defaultdict(list)
    for entry in labelled.entries:
        groups[entry.source].append(entry)
    if len(groups) > 1:
        groups["all"] = list(labelled.entries)
    return {name: _score_answers(answers, labelled, entries) for name, entries in groups.items()}


def as_json(results: dict[str, Score]) -> dict:
    """The scores as plain numbers."""
    return {name: asdict(result) for name, result in results.items()}


def _ticking(labelled: LabelledSet, progress: Callable[[], object] | None) -> Iterator[Entry]:
    for entry in labelled.entries:
        yield entry
        if progress:
            progress()


def _score_answers(answers: dict[str, NDArray], labelled: LabelledSet, entries: list) -> Score:
    queue = iter([answers[entry.path] for entry in entries])
    return score(lambda _: next(queue), labelled, entries)


def _disturbed(animate: Animate, gain_db: float, snr_db: float | None) -> Animate:
    from ..speech.augment import add_noise, coloured_noise

    def heard(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        if snr_db is not None:
            rng = np.random.default_rng(0)
            pcm = add_noise(pcm, coloured_noise(len(pcm), rng), rng, snr_db, snr_db)
        return animate(np.clip(pcm * np.float32(10 ** (gain_db / 20)), -1, 1))

    return heard


def _keras_subject(path: Path) -> Subject:
    from facelite.converters.frontends.keras import load

    from .. import spec as specs

    model = load(path)
    spec = specs.beside(path)
    window = int(model.input_shape[1])
    hop = int(np.prod([layer.strides[0] for layer in model.layers if hasattr(layer, "strides")]))

    def animate(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        frames = -(-len(pcm) // hop)
        whole = padded(pcm, frames, hop, window, spec.lookahead)
        windows = np.lib.stride_tricks.sliding_window_view(decode(codes(whole)), window)[::hop, :, None]
        curves = np.concatenate(
            [np.asarray(model.predict_on_batch(windows[i : i + _WINDOWS])) for i in range(0, frames, _WINDOWS)]
        )
        return smooth(curves) if spec.smoothing else curves

    return Subject(f"{path} (float)", tuple(spec.controls), hop, animate)
