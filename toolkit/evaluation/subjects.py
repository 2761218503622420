"""What can be measured: teachers, float students, int8 students on the C kernel; all behind one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..distill.exported import STUDENT
from ..errors import BadInput
from ..reference import smooth
from ..spec import beside
from ..speech.audio import SAMPLE_RATE
from ..student import BLOB_NAME, load
from ..teachers.protocol import Phone, needs_phones
from ..teachers.registry import names_teacher, open_teacher

TEACHER, FLOAT, INT8 = "teacher", "float", "int8"
"""Kinds of subject; INT8 is the C kernel, which LiteRT's int8 equals bit for bit (see `proof`)."""

TEACHER_HOP = 256

Unsmoothed = Callable[[NDArray[np.float32], Sequence[Phone]], NDArray[np.float32]]
"""float32 PCM [samples] at 16 kHz and what is said -> float32 curves [frames, controls]."""


@dataclass(frozen=True, eq=False)
class Subject:
    """Something that animates.

    Attributes
    ----------
    path
        What it was opened from.
    kind
        TEACHER, FLOAT or INT8.
    controls, hop
        What it answers with, and samples a frame.
    smoothing
        Whether its answer is the mean of three neighbouring frames.
    lookahead
        Samples of future audio that a frame sees without smoothing; None where it is the whole utterance.
    parameters, memory
        Weights and biases; bytes to run one character, or of the float32 parameters where no C kernel runs it. None
        where there are none.
    unsmoothed
        Its curves before smoothing.
    bundle
        Folder in which an int8 student's TFLite file lies beside its blob; None where there is none.
    tier
        Of the C kernel that runs an int8 student.
    """

    path: str
    kind: str
    controls: tuple[str, ...]
    hop: int
    smoothing: bool
    lookahead: int | None
    parameters: int | None
    memory: int | None
    unsmoothed: Unsmoothed
    bundle: Path | None = None
    tier: str | None = None

    @property
    def rate(self) -> float:
        """Frames a second."""
        return SAMPLE_RATE / self.hop

    @property
    def future_ms(self) -> float | None:
        """Milliseconds of future audio that a frame depends on; None for the whole utterance."""
        if self.lookahead is None:
            return None
        return 1000 * (self.lookahead + self.hop * self.smoothing) / SAMPLE_RATE

    def narrowed(self, controls: tuple[str, ...]) -> Subject:
        """The same subject answering with some of its controls: subjects are compared on those they share."""
        columns = [self.controls.index(name) for name in controls]
        return replace(self, controls=controls, unsmoothed=lambda pcm, phones: self.unsmoothed(pcm, phones)[:, columns])

    def deliver(self, curves: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unsmoothed curves as a game gets them."""
        return smooth(curves) if self.smoothing else curves


def open_subjects(spec: str, scratch: Path | None = None) -> list[Subject]:
    """Open every rendition that `spec` leads to: one teacher, or a student in float and, where there is a blob, int8.

    Parameters
    ----------
    spec
        A teacher as `open_teacher` takes it; a `.keras` file with its student.toml; a `.facelite` file; or a folder
        with either, or both, or with a bundle folder beside its student.keras. A bare name of a teacher is the teacher,
        whatever lies in the working directory; `oracle/` is a folder.
    scratch
        An empty folder to convert a float student into when no bundle is there; None measures it in float alone.

    Raises
    ------
    BadInput
        Nothing that can be measured is there, or it cannot be opened.
    """
    if names_teacher(spec):
        return [_teacher(spec)]
    keras, blob = _files(Path(spec))
    subjects = [_float(keras)] if keras else []
    if keras and not blob and scratch:
        from facelite.converters.bundle import convert

        convert(keras, scratch)
        blob = scratch / BLOB_NAME
    return [*subjects, _int8(blob, spec)] if blob else subjects


def _files(path: Path) -> tuple[Path | None, Path | None]:
    """The float student and the blob at `path`."""
    if path.suffix == ".keras":
        return path, None
    if not path.is_dir():
        return None, path
    keras = path / STUDENT if (path / STUDENT).is_file() else None
    blobs = [file for file in (path / BLOB_NAME, *sorted(path.glob(f"*/{BLOB_NAME}"))) if file.is_file()]
    if not keras and not blobs:
        raise BadInput(path, f"holds neither {STUDENT} nor {BLOB_NAME}", "give a run, a bundle or a student file")
    return keras, blobs[0] if blobs else None


def _teacher(spec: str) -> Subject:
    teacher = open_teacher(spec)
    told = needs_phones(teacher)
    parameters: int | None = getattr(teacher, "parameters", None)

    def unsmoothed(pcm: NDArray[np.float32], phones: Sequence[Phone]) -> NDArray[np.float32]:
        return teacher.animate(pcm, SAMPLE_RATE, phones if told else None).values

    memory = None if parameters is None else 4 * parameters
    return Subject(spec, TEACHER, tuple(teacher.controls), TEACHER_HOP, False, None, parameters, memory, unsmoothed)


def _float(path: Path) -> Subject:
    from facelite.converters.frontends.keras import load as load_keras

    from ..distill.inference import Twin

    model = load_keras(path)
    spec = beside(path)
    _check_rate(path, spec.sample_rate)
    twin = Twin(model, spec.lookahead, spec.companding)
    parameters = int(model.count_params())
    return Subject(
        path=str(path),
        kind=FLOAT,
        controls=tuple(spec.controls),
        hop=twin.hop,
        smoothing=spec.smoothing,
        lookahead=spec.lookahead,
        parameters=parameters,
        memory=4 * parameters,
        unsmoothed=lambda pcm, phones: twin.animate(pcm),
    )


def _int8(blob: Path, spec: str) -> Subject:
    from facelite.converters.recipes import TFLITE_NAME

    student = load(blob)
    _check_rate(blob, student.sample_rate)
    info = student.info
    return Subject(
        path=spec,
        kind=INT8,
        controls=student.controls,
        hop=student.hop,
        smoothing=student.smoothing,
        lookahead=student.lookahead,
        parameters=info.parameters,
        memory=info.blob_bytes + info.model_bytes + info.stream_bytes + info.scratch_bytes + info.stack_bytes,
        unsmoothed=lambda pcm, phones: student.animate(pcm, smoothing=False),
        bundle=blob.parent if blob.name == BLOB_NAME and (blob.parent / TFLITE_NAME).is_file() else None,
        tier=student.isa,
    )


def _check_rate(path: Any, rate: int) -> None:
    if rate != SAMPLE_RATE:
        raise BadInput(path, f"hears {rate} Hz", f"corpora hold {SAMPLE_RATE} Hz, and so must what is measured on them")
