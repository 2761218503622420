"""Run a student: whole clips, or streams that hear audio as it comes, on the C kernel."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import BadInput, MissingDependency

BLOB_NAME = "student.facelite"

INPUT_RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
"""Hz that a 16 kHz student's streams hear; kernels/tools/resample_tables.py makes the filters."""

_E_ISA = 9  # FACELITE_E_ISA of facelite.h


@dataclass(frozen=True)
class StudentInfo:
    """What a student is and what it takes to run, as the C library itself reports (facelite_info).

    Attributes
    ----------
    sample_rate
        Hz.
    window, lookahead, hop, receptive_field
        Samples: what a windowed runtime is given for one frame, how many of them lie in the future, the distance
        between two frames, and how many samples a frame depends on.
    controls
        Values in a frame.
    smoothing
        Whether streams average three frames unless told otherwise.
    ops, parameters, macs_per_hop
        Operators; weights and biases; multiply-accumulates for one frame.
    weight_bytes, blob_bytes, model_bytes, stream_bytes, scratch_bytes, stack_bytes
        Packed weights; the file; memory for the model, for each character, for each thread; an upper bound on the
        stack.
    """

    sample_rate: int
    window: int
    lookahead: int
    hop: int
    receptive_field: int
    controls: int
    smoothing: bool
    ops: int
    parameters: int
    macs_per_hop: int
    weight_bytes: int
    blob_bytes: int
    model_bytes: int
    stream_bytes: int
    scratch_bytes: int
    stack_bytes: int


@dataclass(frozen=True)
class StreamLatency:
    """How late a stream's frames are however fast the computer, in seconds, as a sum of terms (facelite_latency).

    Attributes
    ----------
    lookahead, smoothing
        Audio after the frame that it depends on: the student's own, and the next frame for the mean of three.
    hop
        Audio is collected one hop at a time.
    resampler
        Half of the resampling filter, when the input is not at the student's rate.
    """

    lookahead: float
    smoothing: float
    hop: float
    resampler: float

    @property
    def total(self) -> float:
        """The sum, in seconds."""
        return self.lookahead + self.smoothing + self.hop + self.resampler


class Student:
    """A student ready to run; share it between any number of streams and threads.

    Parameters
    ----------
    blob
        The bytes of a `student.facelite`.
    name
        What error messages call it.

    Raises
    ------
    BadInput
        The blob is damaged or of another version; FACELITE_ISA names no instruction set that runs here.
    """

    def __init__(self, blob: bytes, name: str | Path = "blob") -> None:
        kernel = _kernel()
        try:
            self._model = kernel.Model(blob)
        except kernel.KernelError as error:
            if error.status == _E_ISA:
                raise _no_such_isa(kernel.isa_available()) from None
            raise BadInput(name, str(error), "convert the student again") from None
        self.blob = bytes(blob)
        self.info = _info(self._model.info)
        self.controls: tuple[str, ...] = tuple(self._model.controls)

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self.info.sample_rate

    @property
    def hop(self) -> int:
        """Samples between two frames."""
        return self.info.hop

    @property
    def window(self) -> int:
        """Samples that a windowed runtime is given for one frame."""
        return self.info.window

    @property
    def lookahead(self) -> int:
        """Samples of future audio that a frame sees; smoothing adds one hop."""
        return self.info.lookahead

    @property
    def smoothing(self) -> bool:
        """Whether streams average three frames unless told otherwise."""
        return self.info.smoothing

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.sample_rate / self.hop

    @property
    def isa(self) -> str:
        """Instruction set that this student runs on: "ref", "avx2", …"""
        return self._model.isa

    def stream(self, smoothing: bool | None = None, sample_rate: int | None = None) -> Stream:
        """A new character.

        Parameters
        ----------
        smoothing
            None: as the student's own default.
        sample_rate
            Hz of the audio it will hear, one of `INPUT_RATES`; None: the student's own.

        Raises
        ------
        BadInput
            A `sample_rate` that cannot be resampled.
        """
        return Stream(self, smoothing, sample_rate)

    def animate(
        self, pcm: ArrayLike, smoothing: bool | None = None, sample_rate: int | None = None
    ) -> NDArray[np.float32]:
        """Curves of a whole clip, equal to the bit to a push of the same audio and a flush.

        Parameters
        ----------
        pcm
            float32 (-1..1, beyond is clipped) or int16, [samples].
        smoothing, sample_rate
            As for `stream`.

        Returns
        -------
        float32 [frames, controls]: a frame for every hop of the student's own rate that the clip has begun,
        ceil(samples / hop) when `sample_rate` is the student's.

        Raises
        ------
        BadInput
            `pcm` has another type or shape, or holds a NaN or an infinity; a `sample_rate` that cannot be resampled.
        """
        stream = self.stream(smoothing, sample_rate)
        return np.concatenate([stream.push(pcm), stream.flush()])


class Stream:
    """One character, hearing audio as it comes. One thread at a time; made by `Student.stream`."""

    def __init__(self, student: Student, smoothing: bool | None = None, sample_rate: int | None = None) -> None:
        rate = student.sample_rate if sample_rate is None else sample_rate
        rates = INPUT_RATES if student.sample_rate == 16000 else (student.sample_rate,)
        if rate not in rates:
            raise BadInput(
                "sample_rate", f"{rate} Hz cannot be heard", f"resample to one of {', '.join(map(str, rates))}"
            )
        self.student = student
        self.sample_rate = rate
        self._stream = _kernel().Stream(student._model, smoothing, rate)

    @property
    def latency(self) -> StreamLatency:
        """What makes frames late, in seconds."""
        return StreamLatency(**self._stream.latency)

    def push(self, pcm: ArrayLike) -> NDArray[np.float32]:
        """Hear any number of samples; returns the frames whose audio is now complete, float32 [0..n, controls].

        Raises
        ------
        BadInput
            As for `Student.animate`; nothing was heard.
        """
        return self._stream.push(checked_pcm(pcm))

    def flush(self) -> NDArray[np.float32]:
        """The clip has ended: the frames still owed, float32 [0..n, controls]. The stream starts afresh."""
        return self._stream.flush()

    def sample(self, seconds: float) -> NDArray[np.float32]:
        """The face at a time of this clip's clock, float32 [controls].

        Second 0 is the first sample pushed since the stream was made, reset or stopped, or after a flush. Frames are
        interpolated; the newest 8 are kept (10 without smoothing), beyond them the ends hold, and before the first
        frame is out it is the rest pose: the face that silence makes.

        Raises
        ------
        BadInput
            `seconds` is not a number.
        """
        if math.isnan(seconds):
            raise BadInput("seconds", "it is not a number", "give seconds since the clip began")
        return self._stream.sample(seconds)

    def stop(self, at: float = math.inf, fade: float = 0.15) -> None:
        """Stop speech: forget all audio; the face leaves its pose for what comes next, without a jump.

        What comes next is the rest pose until audio is pushed (decay to neutral), and the frames of that audio then
        (interruption). The clock starts afresh, and both `push` and `sample` fade.

        Parameters
        ----------
        at
            Seconds of the clock so far at which the face leaves; by default its newest frame.
        fade
            Seconds that it takes, linearly, 0 to 3600.

        Raises
        ------
        BadInput
            `at` is not a number, or `fade` is out of its range.
        """
        if math.isnan(at):
            raise BadInput("at", "it is not a number", "give seconds since the clip began")
        if not 0 <= fade <= 3600:
            raise BadInput("fade", f"{fade} is out of range", "give seconds, 0 to 3600")
        self._stream.stop(at, fade)

    def reset(self) -> None:
        """Forget all audio: as if silence had always been there."""
        self._stream.reset()


class Crowd:
    """Characters of one student that hear together: the same frames for less work, as weights are read once for many.

    Parameters
    ----------
    streams
        Distinct streams of one student. They stay usable one by one.

    Raises
    ------
    BadInput
        No stream, the same one twice, or streams of different students.
    """

    def __init__(self, streams: Sequence[Stream]) -> None:
        self.streams = tuple(streams)
        if not self.streams:
            raise BadInput("crowd", "it is empty", "give it a stream")
        if len({id(stream) for stream in self.streams}) < len(self.streams):
            raise BadInput("crowd", "it holds a stream twice", "make a stream for each character")
        if any(stream.student is not self.streams[0].student for stream in self.streams):
            raise BadInput("crowd", "its streams do not share a student", "make a crowd for each student")
        self._crowd = _kernel().Crowd([stream._stream for stream in self.streams])

    def push(self, pcm: ArrayLike) -> list[NDArray[np.float32]]:
        """Hear as many samples each, `pcm` [streams, samples]; returns for each stream what its own push would.

        Raises
        ------
        BadInput
            As for `Student.animate`; nothing was heard.
        """
        samples = np.asarray(pcm)
        if samples.ndim != 2 or len(samples) != len(self.streams):
            raise BadInput("pcm", f"it has shape {samples.shape}", f"give [{len(self.streams)}, samples]")
        return self._crowd.step(checked_pcm(samples.reshape(-1)).reshape(samples.shape))


def load(path: str | Path) -> Student:
    """Load a bundle (a folder that holds `student.facelite`) or a `.facelite` file.

    Raises
    ------
    BadInput
        There is no such file, or it is not a readable blob.
    """
    path = Path(path)
    file = path / BLOB_NAME if path.is_dir() else path
    if not file.is_file():
        problem = f"the folder holds no {BLOB_NAME}" if path.is_dir() else "no such file"
        raise BadInput(
            path,
            problem,
            "make one with: facelite demo, or of a student of yours: facelite convert student.keras -o out/",
        )
    return Student(file.read_bytes(), file)


def checked_pcm(pcm: ArrayLike) -> NDArray[np.float32] | NDArray[np.int16]:
    """`pcm` as contiguous float32 or int16 [samples].

    float64 is narrowed; everything else that is not audio the kernel hears raises BadInput.
    """
    samples = np.asarray(pcm)
    if samples.ndim != 1:
        raise BadInput("pcm", f"it has shape {samples.shape}", "give one channel, [samples]")
    if samples.dtype == np.int16:
        return np.ascontiguousarray(samples)
    if samples.dtype not in (np.float32, np.float64):
        raise BadInput("pcm", f"its type is {samples.dtype}", "give float32 in -1..1, or int16")
    if not np.isfinite(samples).all():
        raise BadInput("pcm", "it holds a NaN or an infinity", "repair the audio first")
    return np.ascontiguousarray(samples, np.float32)


def _info(fields: dict[str, int]) -> StudentInfo:
    smoothing = bool(fields.pop("smoothing"))
    return StudentInfo(**fields, smoothing=smoothing)


def _no_such_isa(available: list[str]) -> BadInput:
    wanted = os.environ.get("FACELITE_ISA", "")
    return BadInput(
        "FACELITE_ISA",
        f"{wanted!r} is unknown, or not available here",
        f"unset it, or set one of {', '.join(available)}",
    )


def _kernel() -> Any:
    try:
        from . import _kernel
    except ImportError:
        raise MissingDependency("running a student", "the compiled kernel", "pip install .") from None
    return _kernel
